import type { Clock } from '../clock.ts';

/** How often held-back connections are looked at again; a sender notices it only when memory is short. */
const reviewMs = 50;

/** The most that one read takes in. */
const readBytes = 64 * 1024;

/** So much thrown away is worth a collection, which takes some milliseconds; a quiet daemon has none for hours. */
const muchBytes = 4 * 1024 * 1024;

/** A connection that reads only while there is memory for what it reads. */
export interface BudgetedReader {
  /** What it holds, in bytes, without `fixedBytes` and `aheadBytes`. */
  readonly bytes: number;
  /** Of these, what leaves by itself, because devices answer or their deadlines pass: records in flight. */
  readonly inFlightBytes: number;
  /** Of these, what does not leave unless its client does something: the unfinished record, replies that are not read. */
  readonly stuckBytes: number;
  /** Since when it is stuck, in monotonic milliseconds; `null` when it is not. */
  readonly stuckSince: number | null;
  /** What it takes as long as it is there, and cannot give up. */
  readonly fixedBytes: number;
  /** What was read before anybody could stop it, and comes when it is resumed: it cannot be given up either. */
  readonly aheadBytes: number;
  /** May go on, as far as memory goes. */
  resume(): void;
  /** Gives up what is stuck: its unfinished record, which is answered at once, or else itself. */
  giveWay(): void;
}

/**
 * The memory that all connections together take for their clients. When it is over the limit, connections wait for what
 * is in flight: it leaves by itself. What is stuck does not: where that alone takes more than half, whoever it has cost
 * most gives way, as often as is needed. The cost is bytes by time: by bytes alone, many small records whose senders
 * have stopped would drive out every larger one that is on its way.
 */
export class MemoryBudget {
  readonly #limitBytes: () => number;
  readonly #clock: Clock;
  readonly #discard: (bytes: number) => void;
  readonly #readers = new Set<BudgetedReader>();
  /** In the order in which they came to wait. */
  readonly #waiting = new Set<BudgetedReader>();
  #timer: (() => void) | null = null;
  /** Given up since `discard` was told last. */
  #discardedBytes = 0;
  /** For what is kept of clients who are gone: what was free when it was looked last, without what was granted since. */
  #room = { bytes: 0, lookedAt: Number.NEGATIVE_INFINITY };

  /**
   * The limit is asked for each time: a reload may change it. `discard` is told of memory that is not used any more, where it
   * is much.
   */
  constructor(limitBytes: () => number, clock: Clock, discard: (bytes: number) => void) {
    this.#limitBytes = limitBytes;
    this.#clock = clock;
    this.#discard = discard;
  }

  join(reader: BudgetedReader): void {
    this.#readers.add(reader);
  }

  /** To be called while it still has what it holds. */
  leave(reader: BudgetedReader): void {
    this.#waiting.delete(reader);
    if (this.#readers.delete(reader)) this.#discarded(reader.bytes + reader.fixedBytes + reader.aheadBytes);
  }

  #discarded(bytes: number): void {
    this.#discardedBytes += bytes;
    if (this.#discardedBytes < muchBytes) return;
    this.#discard(this.#discardedBytes);
    this.#discardedBytes = 0;
  }

  /** Whether the reader may read now; otherwise it is resumed later. */
  mayRead(reader: BudgetedReader): boolean {
    if (this.#isSmall(reader, this.#limitBytes() / 2)) return true;
    const limit = this.#limit();
    return (
      this.#isSmall(reader, limit) ||
      this.#relieved(limit) ||
      isAlone(reader, this.#sum('bytes')) ||
      this.#wait(reader)
    );
  }

  /** Whether records that it has read may be looked at now; otherwise it is resumed later. One can always go on. */
  mayPass(reader: BudgetedReader): boolean {
    if (this.#isSmall(reader, this.#limitBytes() / 2)) return true;
    return this.#sum('bytes') < this.#limit() || this.#sum('inFlightBytes') === 0 || this.#wait(reader);
  }

  /**
   * Whether there is memory for one more read of what a client who is gone has left. What cannot be given up takes no more
   * than half, so that others are read. The caller asks again later: nobody is resumed for it.
   */
  mayKeep(): boolean {
    const now = this.#clock.now();
    if (now - this.#room.lookedAt >= reviewMs) {
      const limit = this.#limitBytes();
      const bytes = Math.min(limit / 2, limit - this.#sum('bytes')) - this.#sum('fixedBytes');
      this.#room = { bytes, lookedAt: now };
    }
    if (this.#room.bytes <= 0) return false;
    this.#room.bytes -= readBytes;
    return true;
  }

  #wait(reader: BudgetedReader): false {
    this.#waiting.add(reader);
    this.#reviewLater();
    return false;
  }

  /** For what can be given up: half at least, because connections alone must not keep everybody from being read. */
  #limit(): number {
    const limit = this.#limitBytes();
    return Math.max(limit / 2, limit - this.#sum('fixedBytes') - this.#sum('aheadBytes'));
  }

  /** A reader that holds less than its even share is never the cause. */
  #isSmall(reader: BudgetedReader, limit: number): boolean {
    return reader.bytes * this.#readers.size < limit;
  }

  #sum(what: 'bytes' | 'inFlightBytes' | 'fixedBytes' | 'aheadBytes'): number {
    let bytes = 0;
    for (const reader of this.#readers) bytes += reader[what];
    return bytes;
  }

  /** Whether what is held is within the limit, be it because what was stuck gave way. */
  #relieved(limit: number): boolean {
    for (let held = this.#sum('bytes'); held >= limit; held = this.#sum('bytes')) {
      let stuck = 0;
      let dearest: BudgetedReader | null = null;
      let most = 0;
      const now = this.#clock.now();
      for (const reader of this.#readers) {
        const bytes = reader.stuckBytes;
        stuck += bytes;
        const cost = bytes * (now - (reader.stuckSince ?? now) + 1);
        if (cost <= most) continue;
        most = cost;
        dearest = reader;
      }
      if (dearest === null || stuck * 2 <= limit || isAlone(dearest, held)) return false;
      dearest.giveWay();
      const left = this.#sum('bytes');
      if (left >= held) return false;
      if (this.#readers.has(dearest)) this.#discarded(held - left);
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
    const limit = this.#limit();
    const relieved = this.#relieved(limit);
    const held = this.#sum('bytes');
    const still = this.#sum('inFlightBytes') === 0;
    for (const reader of [...this.#waiting]) {
      if (!relieved && !still && !this.#isSmall(reader, limit) && !isAlone(reader, held)) continue;
      this.#waiting.delete(reader);
      reader.resume();
    }
  }
}

/** Alone with an unfinished record it waits for nobody: a record is never longer than the limit. */
function isAlone(reader: BudgetedReader, held: number): boolean {
  return reader.stuckBytes === reader.bytes && reader.bytes === held;
}
