/** What is shown in place of a password, a token and the like. */
export const hidden = '(hidden)';

/** Names of parameters that say that their value opens something. */
const telling = /token|key|secret|pass|pwd|auth|sig|cred|code/i;

/**
 * Text from outside as a message may quote it: should it be a URI, or a piece of one, whatever is wrong with it, then
 * without what may be its user and password.
 */
export function withoutCredentials(text: string): string {
  // The last one: a password may hold others, which should have been escaped, and slashes.
  const at = text.lastIndexOf('@');
  if (at < 0) return text;
  const slashes = text.slice(0, at).indexOf('//');
  if (slashes >= 0) return `${text.slice(0, slashes + 2)}${hidden}${text.slice(at)}`;
  // An e-mail address has no colon before it.
  const colon = text.slice(0, at).indexOf(':');
  return colon < 0 ? text : `${hidden}${text.slice(at)}`;
}

/** A URI as it may be shown: user and password are hidden, and the values of parameters whose name tells of a secret. */
export function shownUri(text: string): string {
  if (!URL.canParse(text)) return withoutCredentials(text);
  const url = new URL(text);
  const open = url.username === '' && url.password === '' && ![...url.searchParams.keys()].some(isTelling);
  // As it was written: a parsed URI is spelt anew.
  if (open) return text.includes('@') && url.host === '' ? withoutCredentials(text) : text;
  const user = url.username === '' && url.password === '' ? '' : `${hidden}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname}${shownQuery(url.search)}`;
}

function shownQuery(query: string): string {
  const parts = query.slice(1).split('&');
  const shown = parts.map((part) => {
    const end = part.indexOf('=');
    return end >= 0 && isTelling(part.slice(0, end)) ? `${part.slice(0, end + 1)}${hidden}` : part;
  });
  return query === '' ? '' : `?${shown.join('&')}`;
}

function isTelling(name: string): boolean {
  return telling.test(name);
}
