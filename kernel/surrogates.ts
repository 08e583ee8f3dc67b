import { escapedPoint, escapeEnd, plainEnd } from './escape';
import { LONE_SURROGATE } from './numbers/plan-kinds';
import { addEntry } from './plan';
import { forgetSurrogates, sawSurrogate } from './string';

// Strict readers (jq among them) refuse a line with half a surrogate pair in it, and what stands behind it is hidden
// from them. So where such an escape is copied, it is written as U+FFFD, in as many bytes; a hash is of U+FFFD anyhow.

/** U+FFFD as an escape, in as many bytes as the escape it stands for. */
export const REPLACEMENT: string = '\\ufffd';

/** Plans the escapes of lone surrogates in the string bytes from `at` up to `end`, which have escapes. */
export function addSurrogates(at: usize, end: usize): void {
  if (takeSurrogates()) planSurrogates(at, end);
}

/** Whether there may be any in the string that was scanned last; it is asked once. */
export function takeSurrogates(): bool {
  const seen = sawSurrogate;
  forgetSurrogates();
  return seen;
}

/** The same for a stretch of a string in which there may be some. */
export function planSurrogates(at: usize, end: usize): void {
  while ((at = plainEnd(at, end)) != end) {
    const point = escapedPoint(at);
    // U+FFFD itself, spelt as an escape, is no surrogate and stays as it is.
    if (point == 0xfffd && (load<u8>(at + 2) | 0x20) == 0x64) addEntry(at, 6, LONE_SURROGATE, 0);
    at = escapeEnd;
  }
}
