import type { Clock } from '../clock.ts';

/** How often held-back connections are looked at again; a sender notices it only when memory is short. */
const reviewMs = 50;

/** A connection that reads only while there is memory for what it reads. */
export interface BudgetedReader {
  /** Bytes it holds: the unfinished record and those in flight. */
  readonly bytes: number;
  /** Bytes of those that leave without it reading more: records in flight. */
  readonly inFlightBytes: number;
  /** When its unfinished record began, in monotonic milliseconds; `null` when there is none. */
  readonly unfinishedSince: number | null;
  /** May read again, as far as memory goes. */
  resume(): void;
  /** Gives up its unfinished record, which is answered at once. */
  giveWay(): void;
}

/**
 * Raw bytes held by all connections together. When they are over the limit, connections wait for what is in flight:
 * it leaves by itself. Unfinished records do not, if their senders stop: where these alone take more than half, the one
 * that has cost most gives way, as often as is needed. Its cost is bytes by time: by bytes alone, many small records
 * whose senders have stopped would drive out every larger one that is on its way.
 */
export class MemoryBudget {
  readonly #limitBytes: () => number;
  readonly #clock: Clock;
  readonly #readers = new Set<BudgetedReader>();
  /** In the order in which they came to wait. */
  readonly #waiting = new Set<BudgetedReader>();
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
  }

  /** Whether the reader may read now; otherwise it is resumed later. */
  mayRead(reader: BudgetedReader): boolean {
    const limit = this.#limitBytes();
    if (this.#isSmall(reader, limit) || this.#relieved(limit) || isAlone(reader, this.#held())) return true;
    this.#waiting.add(reader);
    this.#reviewLater();
    return false;
  }

  /** A reader that holds less than its even share is never the cause. */
  #isSmall(reader: BudgetedReader, limit: number): boolean {
    return reader.bytes * this.#readers.size < limit;
  }

  #held(): number {
    let bytes = 0;
    for (const reader of this.#readers) bytes += reader.bytes;
    return bytes;
  }

  /** Whether what is held is within the limit, be it because unfinished records gave way. */
  #relieved(limit: number): boolean {
    for (let held = this.#held(); held >= limit; held = this.#held()) {
      let unfinished = 0;
      let dearest: BudgetedReader | null = null;
      let most = 0;
      const now = this.#clock.now();
      for (const reader of this.#readers) {
        const bytes = reader.bytes - reader.inFlightBytes;
        unfinished += bytes;
        const cost = bytes * (now - (reader.unfinishedSince ?? now) + 1);
        if (cost <= most) continue;
        most = cost;
        dearest = reader;
      }
      if (dearest === null || unfinished * 2 <= limit || isAlone(dearest, held)) return false;
      dearest.giveWay();
      if (this.#held() >= held) return false;
    }
    return true;
  }

  #reviewLater(): void {
    this.#timer ??= this.#clock.setTimer(reviewMs, () => {
      this.#timer = null;
      this.#review();
      if (this.#waiting.size > 0) this.#reviewLater();
    });
  }

  #review(): void {
    const limit = this.#limitBytes();
    const relieved = this.#relieved(limit);
    const held = this.#held();
    for (const reader of [...this.#waiting]) {
      if (!relieved && !this.#isSmall(reader, limit) && !isAlone(reader, held)) continue;
      this.#waiting.delete(reader);
      reader.resume();
    }
  }
}

/** Alone with an unfinished record it waits for nobody: a record is never longer than the limit. */
function isAlone(reader: BudgetedReader, held: number): boolean {
  return reader.inFlightBytes === 0 && reader.bytes === held;
}
