/** RFC 9110, sections 5.1 and 5.6.2: the name of a header is a token. */
export function isHeaderName(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}
