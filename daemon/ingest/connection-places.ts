import type { LimitsConfig } from '../../config/config.ts';
import { objectCosts } from './object-costs.ts';

/** A connection that may have to give its place to another. */
export interface Seat {
  /** Since when nothing at all is under way on it, in monotonic milliseconds; `null` while something is. */
  readonly idleSince: number | null;
  /** Since when it has only waited for its client, be it in the middle of a record; `null` while the daemon owes it something. */
  readonly waitsSince: number | null;
  /** Ends the connection. */
  giveUp(): void;
}

/** Whoever accepts connections. */
export type Listener = object;

/** Connections that were ended or refused because there were too many. */
export interface PlacesCounters {
  connectionsGivenUp: number;
  connectionsRefused: number;
}

/**
 * Shares the places for connections among listeners. When all are taken, a new connection has the place of the one that
 * has been idle longest, on its own listener or one that has more than its even share. A listener with less than its
 * share gets a place from one with more, even where that client is in the middle of a record; never one for which
 * something is in flight.
 */
export class ConnectionPlaces {
  readonly #limit: () => number;
  readonly #counters: PlacesCounters;
  readonly #seats = new Map<Listener, Set<Seat>>();
  /** Of these the doors are open. */
  readonly #open = new Set<Listener>();

  /** The limit is asked for each time: a reload may change it. */
  constructor(limit: () => number, counters: PlacesCounters) {
    this.#limit = limit;
    this.#counters = counters;
  }

  open(listener: Listener): void {
    this.#open.add(listener);
  }

  /** It accepts no more; its connections stay until they leave. */
  close(listener: Listener): void {
    this.#open.delete(listener);
  }

  get full(): boolean {
    let taken = 0;
    for (const seats of this.#seats.values()) taken += seats.size;
    return taken >= this.#limit();
  }

  /** Whether one more connection of this listener could come in now. */
  mayAdmit(listener: Listener): boolean {
    return !this.full || this.#findSeat(listener) !== null;
  }

  /** Whether one more connection of this listener may come in, in the place of another if it has to be. */
  admit(listener: Listener): boolean {
    if (!this.full) return true;
    const found = this.#findSeat(listener);
    if (found === null) {
      this.#counters.connectionsRefused++;
      return false;
    }
    this.#counters.connectionsGivenUp++;
    this.leave(found.listener, found.seat);
    found.seat.giveUp();
    return true;
  }

  join(listener: Listener, seat: Seat): void {
    const seats = this.#seats.get(listener);
    if (seats === undefined) this.#seats.set(listener, new Set([seat]));
    else seats.add(seat);
  }

  /** Something has come on it: the order of a listener's seats is that in which they were heard. */
  heard(listener: Listener, seat: Seat): void {
    const seats = this.#seats.get(listener);
    if (seats?.delete(seat)) seats.add(seat);
  }

  /** Doing it twice does nothing. */
  leave(listener: Listener, seat: Seat): void {
    const seats = this.#seats.get(listener);
    if (seats?.delete(seat) && seats.size === 0) this.#seats.delete(listener);
  }

  #share(listener: Listener): number {
    return this.#open.has(listener) ? Math.max(1, Math.floor(this.#limit() / this.#open.size)) : 0;
  }

  #findSeat(asking: Listener): { listener: Listener; seat: Seat } | null {
    const has = this.#seats.get(asking)?.size ?? 0;
    const isOwed = has < this.#share(asking);
    return (
      this.#longest((listener) => listener === asking || this.#hasTooMany(listener), 'idleSince') ??
      (isOwed ? this.#longest((listener) => this.#hasTooMany(listener), 'waitsSince') : null)
    );
  }

  #hasTooMany(listener: Listener): boolean {
    return (this.#seats.get(listener)?.size ?? 0) > this.#share(listener);
  }

  #longest(
    from: (listener: Listener) => boolean,
    since: 'idleSince' | 'waitsSince',
  ): { listener: Listener; seat: Seat } | null {
    let found: { listener: Listener; seat: Seat } | null = null;
    let earliest = Number.POSITIVE_INFINITY;
    for (const [listener, seats] of this.#seats) {
      if (!from(listener)) continue;
      for (const seat of seats) {
        const at = seat[since];
        if (at === null) continue;
        if (at < earliest) {
          earliest = at;
          found = { listener, seat };
        }
        // Those behind it were heard later.
        break;
      }
    }
    return found;
  }
}

/** How many places there are: as many as are configured, and no more than half of the memory has room for. */
export function placesFor({ connections, totalBytes }: LimitsConfig): number {
  return Math.max(1, Math.min(connections, Math.floor(totalBytes / 2 / objectCosts.connection)));
}
