import type { Clock } from '../clock.ts';

/** How often held-back connections are looked at again; a sender notices it only when memory is short. */
const reviewMs = 50;

/** A connection that reads only while there is memory for what it reads. */
export interface BudgetedReader {
  /** Bytes it holds: the unfinished record and those in flight. */
  readonly bytes: number;
  /** Bytes of those that leave without it reading more: records in flight. */
  readonly inFlightBytes: number;
  /** May read again, as far as memory goes. */
  resume(): void;
}

/**
 * Raw bytes held by all connections together. When they are over the limit, connections wait. Unfinished records
 * alone must not stop everything, since only reading on finishes them: while nothing is in flight, the waiting
 * connections are let through one at a time, in turn.
 */
export class MemoryBudget {
  readonly #limitBytes: number;
  readonly #clock: Clock;
  readonly #readers = new Set<BudgetedReader>();
  readonly #waiting = new Set<BudgetedReader>();
  #timer: (() => void) | null = null;

  constructor(limitBytes: number, clock: Clock) {
    this.#limitBytes = limitBytes;
    this.#clock = clock;
  }

  join(reader: BudgetedReader): void {
    this.#readers.add(reader);
  }

  leave(reader: BudgetedReader): void {
    this.#readers.delete(reader);
    this.#waiting.delete(reader);
  }

  /** Whether the reader may read now; otherwise it is resumed later. */
  mayRead(reader: BudgetedReader): boolean {
    // A reader that holds less than its even share is never the cause.
    if (reader.bytes * this.#readers.size < this.#limitBytes || this.#held() < this.#limitBytes) return true;
    this.#waiting.add(reader);
    this.#timer ??= this.#clock.setTimer(reviewMs, () => this.#review());
    return false;
  }

  #held(): number {
    let bytes = 0;
    for (const reader of this.#readers) bytes += reader.bytes;
    return bytes;
  }

  #review(): void {
    this.#timer = null;
    const waiting = [...this.#waiting];
    if (this.#held() < this.#limitBytes) {
      this.#waiting.clear();
      for (const reader of waiting) reader.resume();
      return;
    }
    const inFlight = waiting.some((reader) => reader.inFlightBytes > 0);
    const next = waiting[0];
    if (!inFlight && next !== undefined) {
      this.#waiting.delete(next);
      next.resume();
    }
    if (this.#waiting.size > 0) this.#timer = this.#clock.setTimer(reviewMs, () => this.#review());
  }
}
