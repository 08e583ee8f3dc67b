import type { Clock } from '../../daemon/clock.ts';
import type { Random } from './random.ts';

/** Any fixed moment: records get no other time of day. */
const startOfTime = Date.UTC(2026, 0, 1);

interface Timer {
  readonly at: number;
  /** Timers of one moment fire in the order they were set. */
  readonly order: number;
  callback: (() => void) | null;
}

/** Time that passes only from one timer to the next. */
export class VirtualClock implements Clock {
  readonly #random: Random;
  /** A binary heap, the next timer first. */
  readonly #timers: Timer[] = [];
  #now = 0;
  #order = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return startOfTime + Math.floor(this.#now);
  }

  random(): number {
    return this.#random.next();
  }

  /** Exact, for what the world does. */
  setTimer(ms: number, callback: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#push(timer);
    return () => {
      timer.callback = null;
    };
  }

  /** As Node sets timers for a program: whole milliseconds, one at least, and a little early or late. */
  setProgramTimer(ms: number, callback: () => void): () => void {
    return this.setTimer(Math.max(1, Math.trunc(ms)) + this.#random.next() * 1.5, callback);
  }

  /** Behind what happens at this moment, as far as that is known. */
  nextTurn(callback: () => void): void {
    this.setTimer(0, callback);
  }

  /** Time in which nothing happens, as when the event loop cannot run: timers fire after it. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Goes to the next timer and fires it; false when there is none. */
  fireNext(): boolean {
    for (;;) {
      const timer = this.#pop();
      if (timer === undefined) return false;
      if (timer.callback === null) continue;
      this.#now = Math.max(this.#now, timer.at);
      timer.callback();
      return true;
    }
  }

  #push(timer: Timer): void {
    const timers = this.#timers;
    let at = timers.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, timers[parent]!)) break;
      timers[at] = timers[parent]!;
      at = parent;
    }
    timers[at] = timer;
  }

  #pop(): Timer | undefined {
    const timers = this.#timers;
    const first = timers[0];
    const last = timers.pop();
    if (first === undefined || last === undefined || timers.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= timers.length) break;
      if (child + 1 < timers.length && before(timers[child + 1]!, timers[child]!)) child++;
      if (!before(timers[child]!, last)) break;
      timers[at] = timers[child]!;
      at = child;
    }
    timers[at] = last;
    return first;
  }
}

function before(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Its callbacks are microtasks, as those of `queueMicrotask` are, for less time. */
const settled = Promise.resolve();

/** Many times what the longest run needs. */
const mostSteps = 1_000_000;

/**
 * Fires timers until `done`, letting every promise settle between two of them: what is ready now happens before
 * time passes. Resolves with whether it was done before the timers ran out; rejects when a timer's callback throws.
 *
 * A tick that was asked for in a microtask comes when no microtask is left, however long their chain; a turn of
 * the event loop is as sound and takes twice the time.
 */
export function runTimers(clock: VirtualClock, done: () => boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let steps = 0;
    const step = (): void => {
      try {
        if (done()) resolve(true);
        else if (++steps > mostSteps) reject(new Error(`More than ${mostSteps} timers: time stands still`));
        else if (!clock.fireNext()) resolve(false);
        else void settled.then(afterMicrotasks);
      } catch (error) {
        reject(error);
      }
    };
    const afterMicrotasks = (): void => process.nextTick(step);
    void settled.then(afterMicrotasks);
  });
}
