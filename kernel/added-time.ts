import { TIME } from './layout';
import { QUOTE } from './text';

// Records of the batch that have no `time` are given this member: `"time":"…"`.

/** Where the member's text lies: after the name, the colon and a quote. */
export const TIME_TEXT: usize = TIME + 8;
export let timeTextLength: usize = 0;
/** Bytes of the whole member, which begins at `TIME`. */
export let timeLength: usize = 0;

/** Completes the member around the `length` bytes of text at `TIME_TEXT`. */
export function useTime(length: usize): void {
  // `"time":"` as a little-endian number.
  store<u64>(TIME, 0x223a22656d697422);
  store<u8>(TIME_TEXT + length, QUOTE as u8);
  timeTextLength = length;
  timeLength = length + 9;
}
