/** Deeper than any body that a program reads, and far from what a record may be nested. */
const deepest = 500;

const [quote, backslash] = ['"'.charCodeAt(0), '\\'.charCodeAt(0)];

/**
 * JSON that came from outside as it may stand in a record: on one line, its numbers with all their digits. `null` when it
 * is no JSON, or nested so deep that it could make a record be refused.
 */
export function jsonFromOutside(text: string): string | null {
  if (!isShallow(text)) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  // A line break cannot be inside a text of JSON, only between its parts.
  return text.replaceAll(/[\r\n]/g, ' ').trim();
}

function isShallow(text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === backslash) at++;
      else if (code === quote) inText = false;
    } else if (code === quote) inText = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > deepest) return false;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return true;
}

/** What says that there was something which JSON cannot say. */
export const unreadable = '{"unreadable":true}';

/** A value of the application's as JSON, whatever it is; `null` when there is none. */
export function jsonOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  try {
    const text: unknown = JSON.stringify(value);
    if (typeof text !== 'string') return unreadable;
    return isShallow(text) ? text : unreadable;
  } catch {
    return unreadable;
  }
}
