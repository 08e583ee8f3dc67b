import type { Lines } from '../../format/lines.ts';

/**
 * Where lines wait until their device has them, each under a number: the next line has the next number. It knows
 * nothing of those who wait for them, who may be gone while the lines are still there.
 */
export interface LineStore {
  /** Bytes of waiting lines with what it costs to keep them. */
  readonly bytes: number;
  /** Number of the oldest line that waits, or of the next one when none does. */
  readonly first: number;
  /** Number of the line that is appended next. */
  readonly next: number;
  /** Monotonic milliseconds at which the oldest line that waits arrived; null when none does. */
  readonly oldestArrival: number | null;
  /** Appends the lines under the numbers from `next` on. `arrival` in monotonic milliseconds. */
  append(lines: Lines, arrival: number): void;
  /** The oldest lines, up to `maxBytes` (one line at least) and `maxLines`; they stay until they are released. */
  peek(maxBytes: number, maxLines: number): Lines;
  /** Forgets the lines up to and without the number `end`. */
  release(end: number): void;
}
