import { hidden } from '../../config/hidden-credentials.ts';

/** Where records are posted to. */
export interface PostTarget {
  readonly secure: boolean;
  /** An IPv6 address stands without its brackets. */
  readonly host: string;
  readonly port: number;
  /** With the query, as it is requested. */
  readonly path: string;
  /** `user:password` for basic authentication; never shown. */
  readonly auth: string | null;
  /** What stands in messages: without user, password and query, which may hold a token. */
  readonly shown: string;
}

/** `undefined` for a text that is no `http` or `https` URI. */
export function parseTarget(text: string): PostTarget | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  const auth = url.username === '' && url.password === '' ? null : credentials(url);
  if (auth === undefined) return undefined;
  return Object.freeze({
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    auth,
    shown: `${url.origin}${url.pathname}`,
  });
}

function credentials({ username, password }: URL): string | undefined {
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    return undefined;
  }
}

/**
 * What OpenBao says of a URI with another scheme, or none, word for word, once it has tried to write its test record.
 * `null` where the scheme is not what is wrong.
 */
export function unsupportedScheme(text: string): string | null {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (scheme === 'http' || scheme === 'https') return null;
  return `audit backend failed test message: failed to perform request: Post "${shownTarget(text)}": unsupported protocol scheme "${scheme}"`;
}

/** Without anything that could be a password, wherever the mistake is: only what looks like host and path is shown. */
function shownTarget(text: string): string {
  const [, scheme = '', rest] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(text)!;
  const target = withoutQuery(rest!.slice(rest!.lastIndexOf('@') + 1));
  return `${scheme}${/^[^:]*(:\d{1,5})?(\/.*)?$/s.test(target) ? target : hidden}`;
}

function withoutQuery(text: string): string {
  const at = text.search(/[?#]/);
  return at < 0 ? text : text.slice(0, at);
}
