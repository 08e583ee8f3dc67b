import type { Clock } from '../clock.ts';

const firstMs = 100;
const longestMs = 5_000;
/** A destination that held this long has recovered: its next failure starts from the shortest pause again. */
const steadyMs = 10_000;

/** How long to wait before a device is tried again: doubling, with chance, so that many do not come back at once. */
export class Backoff {
  readonly #clock: Clock;
  #failures = 0;
  #openedAt: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Note that the destination was opened: how long it stays so decides the next pause. */
  opened(): void {
    this.#openedAt = this.#clock.now();
  }

  /** Milliseconds to wait after one more failure; between half and all of the doubled pause. */
  next(): number {
    if (this.#openedAt !== null && this.#clock.now() - this.#openedAt >= steadyMs) this.#failures = 0;
    this.#openedAt = null;
    const pause = Math.min(longestMs, firstMs * 2 ** this.#failures++);
    return pause * (0.5 + this.#clock.random() / 2);
  }
}
