import { joinLines, type Lines, lineStart } from '../../format/lines.ts';
import { recordId } from '../../format/record-id.ts';
import type { Batch, Outcome } from './batch.ts';
import { costOf, LinePieces } from './line-pieces.ts';
import type { LineStore } from './line-store.ts';
import type { NextWrite, Settled } from './next-write.ts';
import type { SentLines } from './sent-tail.ts';
import { Waiters } from './waiters.ts';

/** What waits for one device: lines that are sent again before those in the store. */
export class LaneQueue {
  readonly #store: LineStore;
  readonly #waiters = new Waiters();
  /** Marked with when they were sent first. */
  readonly #again = new LinePieces<number>();
  /** Since when there are lines to be sent again; monotonic milliseconds. */
  #againSince: number | null = null;

  constructor(store: LineStore) {
    this.#store = store;
  }

  /** Bytes of waiting lines with what it costs to keep them. */
  get bytes(): number {
    return this.#again.bytes + this.#store.bytes;
  }

  get records(): number {
    return this.#again.count + this.#store.next - this.#store.first;
  }

  get empty(): boolean {
    return this.records === 0;
  }

  /** Since when a line waits at most, in monotonic milliseconds; null when none does. */
  get oldestArrival(): number | null {
    const first = this.#store.oldestArrival;
    const again = this.#again.count === 0 ? null : this.#againSince;
    return first === null || again === null ? (first ?? again) : Math.min(first, again);
  }

  /** Whether `lines` and what waits are within a bound. An empty queue takes any: a bound that nothing fits in would drop all. */
  fits(lines: Lines, maxBytes: number): boolean {
    return this.empty || this.bytes + costOf(lines) <= maxBytes;
  }

  /** `records`: the record index in the batch of each line, where that is not the line's own index. */
  append(batch: Batch, slot: number, lines: Lines, records: Uint32Array | null): void {
    const first = this.#store.next;
    this.#store.append(lines, batch.arrival);
    this.#waiters.add(batch, slot, records, first, this.#store.next);
  }

  /** Puts lines before all that wait, in the order given: they are older. */
  sendAgain(sent: readonly SentLines[], now: number): void {
    if (this.#again.count === 0) this.#againSince = now;
    this.#again.putBefore(sent.map(({ lines, at }) => ({ lines, mark: at })));
  }

  /** The oldest lines, up to `maxBytes` (one line at least) and `maxLines`; they stay until they are settled. */
  peek(maxBytes: number, maxLines: number): NextWrite {
    if (this.#again.count === 0) return { kind: 'first', lines: this.#store.peek(maxBytes, maxLines) };
    const pieces = this.#again
      .peek(maxBytes, maxLines)
      .map(({ lines, mark }): SentLines => ({ lines, at: mark }));
    return { kind: 'again', lines: joinLines(pieces.map(({ lines }) => lines)), pieces };
  }

  /**
   * Takes the first `count` lines of a write off the queue and tells who waits for them. `refused` are indexes of
   * lines among them that the device can never take, in ascending order.
   */
  settle({ kind, lines }: NextWrite, count: number, refused: readonly number[]): Settled {
    let bytes = lineStart(lines, count);
    for (const line of refused) bytes -= lines.ends[line]! - lineStart(lines, line);
    if (kind === 'again') {
      this.#again.drop(count);
      // They were counted when they were sent first.
      return { recorded: 0, tooLarge: 0, tooLargeId: null, bytes };
    }
    const { first } = this.#store;
    this.#store.release(first + count);
    for (const line of refused) {
      this.#waiters.settle(first + line, 'recorded');
      this.#waiters.settle(first + line + 1, 'too_large');
    }
    this.#waiters.settle(first + count, 'recorded');
    const [one] = refused;
    const tooLargeId =
      one === undefined ? null : recordId([lines.bytes.subarray(lineStart(lines, one), lines.ends[one])]);
    return { recorded: count - refused.length, tooLarge: refused.length, tooLargeId, bytes };
  }

  /** Monotonic milliseconds at which the oldest record arrived that is not late; null when there is none. */
  get oldestPunctual(): number | null {
    return this.#waiters.oldestPunctual;
  }

  /** Records that arrived at `latest` or before are late; their lines stay. Returns how many have just become late. */
  expire(latest: number): number {
    return this.#waiters.expire(latest);
  }

  /** Empties it. Returns how many records will not be written. */
  drop(reason: Outcome): number {
    this.#again.drop(this.#again.count);
    const { first, next } = this.#store;
    this.#store.release(next);
    this.#waiters.settle(next, reason);
    return next - first;
  }
}
