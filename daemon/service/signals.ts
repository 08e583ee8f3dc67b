import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';

/** SIGHUP asks for a reload, the others for an end. SIGQUIT would otherwise leave a core dump, with salts and records. */
const signals = ['SIGHUP', 'SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
export type Signal = (typeof signals)[number];

export interface SignalSettings {
  readonly clock: Clock;
  readonly log: Log;
  /** What a stop may take, in milliseconds; asked for when one begins. */
  readonly longestStopMs: () => number;
  /** Ends the process, whatever it is doing. */
  readonly endNow: () => void;
}

/** Signals in the order they came; the second one that asks for an end gets it at once. */
export class Signals {
  readonly #settings: SignalSettings;
  readonly #came: Signal[] = [];
  readonly #listeners = new Map<Signal, () => void>();
  #wake: (() => void) | null = null;
  #ending = false;
  #tellEnding = (): void => {};

  /** Resolves when a signal asks for an end. */
  readonly ending: Promise<void> = new Promise((resolve) => {
    this.#tellEnding = resolve;
  });

  constructor(settings: SignalSettings) {
    this.#settings = settings;
    for (const signal of signals) {
      const listener = (): void => this.#note(signal);
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  #note(signal: Signal): void {
    const { clock, longestStopMs } = this.#settings;
    if (signal !== 'SIGHUP') {
      if (this.#ending) {
        this.#endNow('second signal');
        return;
      }
      this.#ending = true;
      // Not taken back when the stop is over: a hung disk can keep the process from ending even then.
      clock.setTimer(longestStopMs(), () => this.#endNow('stop took too long'));
      this.#tellEnding();
    }
    // One reload reads what all that wait would read.
    if (signal !== 'SIGHUP' || !this.#came.includes('SIGHUP')) this.#came.push(signal);
    this.#wake?.();
  }

  #endNow(why: string): void {
    this.#settings.log.error('ended at once', { why });
    this.#settings.endNow();
  }

  /** The next signal. One that asks for an end overtakes those that wait, and comes again and again. */
  async next(): Promise<Signal> {
    while (this.#came.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const end = this.#came.find((signal) => signal !== 'SIGHUP');
    return end ?? this.#came.shift()!;
  }

  /** Leaves further signals to Node, which ends the process. */
  close(): void {
    for (const [signal, listener] of this.#listeners) process.removeListener(signal, listener);
  }
}
