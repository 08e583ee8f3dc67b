import type { Clock } from '../clock.ts';
import { within } from '../delivery/within.ts';

/** Bounded waits of changes, all of which a stop ends. */
export class Patience {
  readonly #clock: Clock;
  readonly #waits = new Set<() => void>();
  #over = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when `done` does, after `ms`, or when nobody may wait any more. `done` must not reject. */
  async wait(ms: number, done: Promise<unknown>): Promise<void> {
    if (this.#over) return;
    let wake = (): void => {};
    const over = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waits.add(wake);
    await within(this.#clock, ms, Promise.race([done, over]));
    this.#waits.delete(wake);
  }

  /** Ends every wait, those to come included. */
  end(): void {
    this.#over = true;
    for (const wake of this.#waits) wake();
  }
}
