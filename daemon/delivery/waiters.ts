import type { Batch, Outcome } from './batch.ts';
import { Fifo } from './fifo.ts';

/** The records of one batch whose lines wait. */
interface Waiter {
  readonly batch: Batch;
  readonly slot: number;
  /** Record index in the batch of each line, where that is not the line's own index. */
  readonly records: Uint32Array | null;
  /** Numbers of the lines: from `first` up to and without `end`. */
  readonly first: number;
  readonly end: number;
}

/**
 * Who waits for which lines of a store, by their numbers, and until when. Lines that are sent again are not among
 * them: they have no deadline, because they were answered when they were sent first.
 */
export class Waiters {
  readonly #waiters = new Fifo<Waiter>();
  /** How many of the first waiters are late already. */
  #late = 0;
  /** Lines before this number have left the store. */
  #settled = 0;

  /** The lines from number `first` up to and without `end` are awaited; they come after all that are. */
  add(batch: Batch, slot: number, records: Uint32Array | null, first: number, end: number): void {
    this.#waiters.push({ batch, slot, records, first, end });
  }

  /** Monotonic milliseconds at which the oldest records arrived whose deadline has not passed; null: there are none. */
  get oldestPunctual(): number | null {
    return this.#waiters.at(this.#late)?.batch.arrival ?? null;
  }

  /** Records that arrived at `latest` or before are late; their lines still wait. Returns how many have just become late. */
  expire(latest: number): number {
    let late = 0;
    for (;;) {
      const waiter = this.#waiters.at(this.#late);
      if (waiter === undefined || waiter.batch.arrival > latest) return late;
      this.#late++;
      const from = Math.max(waiter.first, this.#settled);
      late += waiter.end - from;
      settle(waiter, from, waiter.end, 'late');
    }
  }

  /** Gives all lines before number `end` that have no outcome this one. Their order is that of the store. */
  settle(end: number, outcome: Outcome): void {
    while (this.#settled < end) {
      const waiter = this.#waiters.at(0);
      if (waiter === undefined || waiter.first >= end) {
        this.#settled = end;
        return;
      }
      const from = Math.max(waiter.first, this.#settled);
      this.#settled = Math.min(waiter.end, end);
      if (this.#settled === waiter.end) this.#shift();
      // Last: an outcome can decide a batch, whose replies let a sender go on.
      settle(waiter, from, Math.min(waiter.end, end), outcome);
    }
  }

  #shift(): void {
    this.#waiters.shift();
    if (this.#late > 0) this.#late--;
  }
}

/** Gives the lines from number `from` up to and without `to` their outcome. */
function settle({ batch, slot, records, first }: Waiter, from: number, to: number, outcome: Outcome): void {
  if (records === null) {
    batch.settle(slot, from - first, to - first, outcome);
    return;
  }
  for (const record of records.subarray(from - first, to - first)) {
    batch.settle(slot, record, record + 1, outcome);
  }
}
