import type { DeviceClock } from '../../devices/device.ts';

/** A clock that a test moves on. */
export class StoppedClock implements DeviceClock {
  #now = 1_000_000;
  readonly #timers = new Map<object, { readonly at: number; readonly callback: () => void }>();

  /** Timers that are set and neither cancelled nor due. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#now + ms, callback });
    return () => this.#timers.delete(key);
  }

  /** Calls back what is due by then. */
  advance(ms: number): void {
    this.#now += ms;
    for (const [key, { at, callback }] of [...this.#timers]) {
      if (at > this.#now) continue;
      this.#timers.delete(key);
      callback();
    }
  }
}
