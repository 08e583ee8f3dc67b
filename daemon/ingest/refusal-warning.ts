import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { Refusal } from './refusals.ts';

/** A client that is refused again and again must not fill the log. */
const intervalMs = 60_000;

/** Says in the log, once a minute at most, that records of a listener were refused whose senders cannot be told. */
export class RefusalWarning {
  readonly #listener: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #refused = 0;
  #unrecorded = 0;
  #last: Refusal | null = null;
  #cancel: (() => void) | null = null;

  constructor(listener: string, clock: Clock, log: Log) {
    this.#listener = listener;
    this.#clock = clock;
    this.#log = log;
  }

  /** `recorded`: whether the devices have the line that says so. */
  note(refusal: Refusal, records: number, recorded: boolean): void {
    this.#refused += records;
    if (!recorded) this.#unrecorded += records;
    this.#last = refusal;
    if (this.#cancel === null) this.#warn();
  }

  #warn(): void {
    if (this.#last === null) return;
    this.#log.warn('records refused whose sender cannot be told', {
      listener: this.#listener,
      refused: this.#refused,
      ...(this.#unrecorded > 0 ? { unrecorded: this.#unrecorded } : {}),
      code: this.#last.code,
      reason: this.#last.message,
    });
    this.#refused = 0;
    this.#unrecorded = 0;
    this.#last = null;
    this.#cancel = this.#clock.setTimer(intervalMs, () => {
      this.#cancel = null;
      this.#warn();
    });
  }

  /** Says what has not been said. */
  end(): void {
    this.#warn();
    this.#cancel?.();
    this.#cancel = null;
  }
}
