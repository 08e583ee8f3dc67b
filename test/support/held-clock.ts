import type { Clock } from '../../daemon/clock.ts';

/** A clock whose time passes, and whose timers fire, when a test says so: neither brings the other. */
export class HeldClock implements Clock {
  #timers: { ms: number; callback: () => void }[] = [];
  #now = 0;

  now(): number {
    return this.#now;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  wallTime(): number {
    return 0;
  }

  random(): number {
    return 0;
  }

  /** The event loop's own: it is not held. */
  nextTurn(callback: () => void): void {
    setImmediate(callback);
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** How long those that were set and not cancelled take. */
  get pending(): number[] {
    return this.#timers.map(({ ms }) => ms);
  }

  fire(): void {
    for (const { callback } of this.#timers.splice(0)) callback();
  }
}
