import { Random } from './random.ts';
import { Trace } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A promise that was not kept, or a contract. */
export interface Violation {
  /** Which one, in few words; the same words for the same kind of failure. */
  readonly promise: string;
  readonly detail: string;
  /** Virtual milliseconds. */
  readonly at: number;
}

/** What all parts of one run share: time, chance, the trace, and the first thing that went wrong. */
export class World {
  readonly random: Random;
  readonly clock: VirtualClock;
  readonly trace: Trace;
  #violation: Violation | null = null;
  #clients = 0;

  constructor(seed: number, traceInWords: boolean) {
    this.random = new Random(seed);
    this.clock = new VirtualClock(this.random.fork());
    this.trace = new Trace(traceInWords);
  }

  get violation(): Violation | null {
    return this.#violation;
  }

  /** The first violation ends the run: what follows from it says little. */
  violated(promise: string, detail: string): void {
    this.#violation ??= { promise, detail, at: this.clock.now() };
    this.event('oracle', `${promise}: ${detail}`);
  }

  /** A number for one more client of the run. */
  newClient(): number {
    return this.#clients++;
  }

  event(who: string, what: string, value = 0): void {
    this.trace.event(this.clock.now(), who, what, value);
  }

  after(ms: number, callback: () => void): () => void {
    return this.clock.setTimer(ms, callback);
  }
}
