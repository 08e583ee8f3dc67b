import type { Log } from '../log/log.ts';

export type Signal = 'SIGHUP' | 'SIGTERM' | 'SIGINT';

/** Signals in the order they came; the second one that asks for an end gets it at once. */
export class Signals {
  readonly #log: Log;
  readonly #longestStopMs: () => number;
  readonly #came: Signal[] = [];
  readonly #listeners = new Map<Signal, () => void>();
  #wake: (() => void) | null = null;
  #ending = false;

  /** `longestStopMs`: what a stop may take, asked for when one begins. */
  constructor(log: Log, longestStopMs: () => number) {
    this.#log = log;
    this.#longestStopMs = longestStopMs;
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) {
      const listener = (): void => this.#note(signal);
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  #note(signal: Signal): void {
    if (signal !== 'SIGHUP') {
      if (this.#ending) this.#endNow('second signal');
      this.#ending = true;
      setTimeout(() => this.#endNow('stop took too long'), this.#longestStopMs()).unref();
    }
    // One reload reads what all that wait would read.
    if (signal !== 'SIGHUP' || !this.#came.includes('SIGHUP')) this.#came.push(signal);
    this.#wake?.();
  }

  /** A write to a hung disk keeps a thread, and `process.exit` waits for threads: only this signal ends it for certain. */
  #endNow(why: string): void {
    this.#log.error('ended at once', { why });
    process.kill(process.pid, 'SIGKILL');
  }

  async next(): Promise<Signal> {
    while (this.#came.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const end = this.#came.find((signal) => signal !== 'SIGHUP');
    return end ?? this.#came.shift()!;
  }

  close(): void {
    for (const [signal, listener] of this.#listeners) process.removeListener(signal, listener);
  }
}
