import type { Clock } from '../clock.ts';

export interface TurnSizes {
  /** What all clients together may have looked at in one turn of the event loop. */
  readonly turnCost: number;
  /** What one client may have looked at before it is the next one's turn. */
  readonly pieceCost: number;
}

/** A turn takes some milliseconds. Pieces of 100 cost a tenth more time a record: bench/ingest.ts. */
export const turnSizes: TurnSizes = { turnCost: 1_000, pieceCost: 256 };

/** What looking at a record costs: it by itself, and its length. */
export function recordCost(bytes: number): number {
  return 1 + (bytes >> 10);
}

/** Somebody with records that wait. */
export interface Passer {
  /** Passes one piece, spends its cost, and waits again if there is more. */
  pass(): void;
}

/**
 * Shares the event loop among clients: what is too much for one turn waits for the next ones, in small pieces of each
 * client in turn. Who comes new goes before those who have had a piece, so that one record does not wait for all the
 * records of a flood; but every other piece is theirs.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #sizes: TurnSizes;
  readonly #fresh = new Set<Passer>();
  readonly #going = new Set<Passer>();
  #left: number;
  #renewing = false;

  constructor(clock: Clock, sizes: TurnSizes) {
    this.#clock = clock;
    this.#sizes = sizes;
    this.#left = sizes.turnCost;
  }

  get pieceCost(): number {
    return this.#sizes.pieceCost;
  }

  /** Whether there is some of this turn left. */
  get open(): boolean {
    return this.#left > 0;
  }

  spend(cost: number): void {
    this.#left -= cost;
    this.#renewLater();
  }

  /** `pass` is called in one of the next turns. `fresh`: it has not had a piece of what it waits with. */
  wait(passer: Passer, fresh: boolean): void {
    (fresh ? this.#fresh : this.#going).add(passer);
    this.#renewLater();
  }

  leave(passer: Passer): void {
    this.#fresh.delete(passer);
    this.#going.delete(passer);
  }

  #renewLater(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    this.#clock.nextTurn(() => {
      this.#renewing = false;
      this.#renew();
    });
  }

  #renew(): void {
    this.#left = this.#sizes.turnCost;
    let first = this.#fresh;
    let second = this.#going;
    while (this.#left > 0) {
      const next = takeFirst(first) ?? takeFirst(second);
      if (next === null) return;
      next.pass();
      [first, second] = [second, first];
    }
  }
}

function takeFirst(passers: Set<Passer>): Passer | null {
  for (const passer of passers) {
    passers.delete(passer);
    return passer;
  }
  return null;
}
