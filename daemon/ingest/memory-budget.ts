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
 * alone must not stop everything, since only reading on finishes them: while nothing is in flight, one waiting
 * connection at a time has the turn to read until its record is whole.
 */
export class MemoryBudget {
  readonly #limitBytes: () => number;
  readonly #clock: Clock;
  readonly #readers = new Set<BudgetedReader>();
  /** In the order in which they came to wait. */
  readonly #waiting = new Set<BudgetedReader>();
  /** Who has the turn, and what it held when it was last looked at. */
  #turn: { readonly reader: BudgetedReader; bytes: number } | null = null;
  #timer: (() => void) | null = null;

  /** The limit is asked for each time: a reload may change it. */
  constructor(limitBytes: () => number, clock: Clock) {
    this.#limitBytes = limitBytes;
    this.#clock = clock;
  }

  join(reader: BudgetedReader): void {
    this.#readers.add(reader);
  }

  leave(reader: BudgetedReader): void {
    this.#readers.delete(reader);
    this.#waiting.delete(reader);
    if (this.#turn?.reader === reader) this.#turn = null;
  }

  /** Whether the reader may read now; otherwise it is resumed later. */
  mayRead(reader: BudgetedReader): boolean {
    // A reader that holds less than its even share is never the cause.
    const limit = this.#limitBytes();
    if (reader.bytes * this.#readers.size < limit || this.#held() < limit) return true;
    if (this.#turn?.reader === reader) {
      if (reader.inFlightBytes === 0) return true;
      this.#turn = null;
    }
    this.#waiting.add(reader);
    this.#reviewLater();
    return false;
  }

  #held(): number {
    let bytes = 0;
    for (const reader of this.#readers) bytes += reader.bytes;
    return bytes;
  }

  #reviewLater(): void {
    this.#timer ??= this.#clock.setTimer(reviewMs, () => {
      this.#timer = null;
      this.#review();
      if (this.#waiting.size > 0) this.#reviewLater();
    });
  }

  #review(): void {
    const waiting = [...this.#waiting];
    if (this.#held() < this.#limitBytes()) {
      this.#turn = null;
      this.#waiting.clear();
      for (const reader of waiting) reader.resume();
    } else if (!waiting.some((reader) => reader.inFlightBytes > 0)) {
      this.#passTurn(waiting[0]);
    }
  }

  /** A turn lasts as long as its reader gets on: a sender that pauses in the midst of a record must not hold up all. */
  #passTurn(next: BudgetedReader | undefined): void {
    const turn = this.#turn;
    if (turn !== null && turn.reader.bytes > turn.bytes) {
      turn.bytes = turn.reader.bytes;
    } else if (next !== undefined) {
      this.#turn = { reader: next, bytes: next.bytes };
      this.#waiting.delete(next);
      next.resume();
    }
  }
}
