import { type Lines, lineStart } from '../../format/lines.ts';
import { type LaneEntry, type LaneQueue, settleEntry } from './lane-queue.ts';
import type { LaneCounters } from './lane-status.ts';

/**
 * Takes the first `settled` of the lines that were written off the queue, tells their batches, and counts them.
 * `refused` are indexes of lines among them that the destination can never take, in ascending order. `taken` hears of the lines of each entry.
 */
export function settleWritten(
  queue: LaneQueue,
  counters: LaneCounters,
  lines: Lines,
  settled: number,
  refused: readonly number[],
  taken: (entry: LaneEntry, from: number, to: number) => void,
): void {
  let line = 0;
  let next = 0;
  let recorded = 0;
  let tooLarge = 0;
  let bytes = lines.ends[settled - 1]!;
  queue.settle(settled, (entry, from, to) => {
    let start = from;
    const firstRefused = next;
    for (; next < refused.length && refused[next]! < line + to - from; next++) {
      const at = from + refused[next]! - line;
      settleEntry(entry, start, at, 'recorded');
      settleEntry(entry, at, at + 1, 'too_large');
      bytes -= lines.ends[refused[next]!]! - lineStart(lines, refused[next]!);
      start = at + 1;
    }
    settleEntry(entry, start, to, 'recorded');
    line += to - from;
    taken(entry, from, to);
    // Lines that are sent again were counted when they were recorded first.
    if (entry.batch === null) return;
    tooLarge += next - firstRefused;
    recorded += to - from - (next - firstRefused);
  });
  counters.recorded += recorded;
  counters.dropped.too_large += tooLarge;
  counters.bytes += bytes;
}
