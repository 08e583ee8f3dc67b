import { type Lines, sliceLines } from '../../format/lines.ts';
import type { SentLines } from './sent-tail.ts';

/** Lines for one write: sent for the first time, or again because the connection that took them broke. */
export type NextWrite =
  | { readonly kind: 'first'; readonly lines: Lines }
  | {
      readonly kind: 'again';
      readonly lines: Lines;
      /** The same lines, apart by when they were sent first. */
      readonly pieces: readonly SentLines[];
    };

/** What became of lines that were written. */
export interface Settled {
  /** Records that the device has now and had not before. */
  readonly recorded: number;
  /** Records that it can never take. */
  readonly tooLarge: number;
  /** `request.id` of one of those, or empty when it cannot be read; `null` when there is none. */
  readonly tooLargeId: string | null;
  /** Bytes of lines that it took. */
  readonly bytes: number;
}

/** The first `count` lines of a write, with when they were sent first: `now`, or long ago. */
export function takenLines(write: NextWrite, count: number, now: number): SentLines[] {
  const pieces = write.kind === 'first' ? [{ lines: write.lines, at: now }] : write.pieces;
  const taken: SentLines[] = [];
  let left = count;
  for (const { lines, at } of pieces) {
    if (left === 0) break;
    const of = Math.min(left, lines.ends.length);
    taken.push({ lines: of === lines.ends.length ? lines : sliceLines(lines, 0, of), at });
    left -= of;
  }
  return taken;
}
