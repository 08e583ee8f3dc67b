import type { Log } from '../log/log.ts';

/** Says once that all places for connections are taken, not once a client; the metrics count. */
export class FullHouseWarning {
  readonly #listener: string;
  readonly #log: Log;
  #full = false;

  constructor(listener: string, log: Log) {
    this.#listener = listener;
    this.#log = log;
  }

  /** To be called when a client comes, before it has a place. */
  look(full: boolean, limit: number): void {
    if (full && !this.#full) this.#log.warn('too many connections', { listener: this.#listener, limit });
    this.#full = full;
  }
}
