/** What is shown in place of a password, a token and the like. */
export const hidden = '(hidden)';

/** Names of parameters that say that their value opens something. */
const telling = /token|key|secret|pass|pwd|auth|sig|cred|code/i;

/**
 * Text from outside as a message may quote it: should it be a URI, or a piece of one, whatever is wrong with it, then
 * without what may be its user and password, and the values of parameters whose name tells of a secret.
 */
export function withoutCredentials(text: string): string {
  const scheme = text.indexOf('//');
  // The last one: a password may hold others, which should have been escaped, and slashes.
  const at = text.lastIndexOf('@');
  const user = scheme >= 0 && scheme < at ? scheme + 2 : 0;
  // An e-mail address has no colon before it.
  const open = at < 0 || (user === 0 && !text.slice(0, at).includes(':'));
  const shown = open ? text : `${text.slice(0, user)}${hidden}${text.slice(at)}`;
  const query = shown.indexOf('?');
  return scheme < 0 || query < 0 ? shown : `${shown.slice(0, query)}${shownQuery(shown.slice(query))}`;
}

/** A URI as it may be shown, as `withoutCredentials` has it; what has nothing to hide stays as it was written. */
export function shownUri(text: string): string {
  if (!URL.canParse(text)) return withoutCredentials(text);
  const { username, password, protocol, host, pathname, search } = new URL(text);
  // Without a host it is no URI of ours, and what looks like its path may be user and password.
  if (host === '') return withoutCredentials(text);
  const query = shownQuery(search);
  if (username === '' && password === '')
    return query === search ? text : `${protocol}//${host}${pathname}${query}`;
  return `${protocol}//${hidden}@${host}${pathname}${query}`;
}

/** A query with its question mark, or nothing. */
function shownQuery(query: string): string {
  return query
    .split('&')
    .map((part) => {
      const end = part.indexOf('=');
      return end >= 0 && telling.test(part.slice(0, end)) ? `${part.slice(0, end + 1)}${hidden}` : part;
    })
    .join('&');
}
