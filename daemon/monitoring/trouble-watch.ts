import type { Clock } from '../clock.ts';
import type { IngestCounters } from '../ingest/ingest-counters.ts';
import type { RefusalCode } from '../ingest/refusals.ts';
import type { Log } from '../log/log.ts';
import { DropWatch } from './drop-watch.ts';
import { type Readiness, readiness } from './health.ts';
import { Spells } from './spells.ts';
import type { StatusSource } from './status-routes.ts';

/** Often enough for a person, and nothing beside the records of a second. */
const tickMs = 1000;

/**
 * Says when records begin to be refused or dropped and when that is over, and the same of readiness: once each, not once
 * a record. It reads counters on a timer, so the way of a record knows nothing of it.
 */
export class TroubleWatch {
  readonly #clock: Clock;
  readonly #counters: IngestCounters;
  readonly #status: Pick<StatusSource, 'require' | 'lanes' | 'phase'>;
  readonly #log: Log;
  readonly #seen = new Map<RefusalCode, number>();
  readonly #refusing: Spells<RefusalCode>;
  readonly #drops: DropWatch;
  #notReadySince: number | null = null;
  #cancel: (() => void) | null = null;

  constructor(
    { clock, counters }: { readonly clock: Clock; readonly counters: IngestCounters },
    status: Pick<StatusSource, 'require' | 'lanes' | 'phase'>,
    log: Log,
  ) {
    this.#clock = clock;
    this.#counters = counters;
    this.#status = status;
    this.#log = log;
    this.#refusing = new Spells(
      clock,
      (code, records) => log.warn('records refused', { code, records }),
      (code, records, seconds) => log.warn('records no longer refused', { code, records, seconds }),
    );
    this.#drops = new DropWatch(clock, log);
  }

  start(): this {
    this.#cancel = this.#clock.setTimer(tickMs, () => {
      this.#look();
      this.start();
    });
    return this;
  }

  /** Counts what is left to count. */
  stop(): void {
    this.#cancel?.();
    this.#lookAtRefusals();
    this.#refusing.endAll();
    this.#drops.stop(this.#status.lanes());
  }

  #look(): void {
    this.#lookAtRefusals();
    this.#refusing.look();
    const { require, lanes, phase } = this.#status;
    const devices = lanes();
    this.#drops.look(devices);
    // At the start and in a stop it is nobody's trouble.
    if (phase() === 'running')
      this.#lookAtReadiness(readiness(require, devices, 'running'), this.#clock.now());
  }

  #lookAtRefusals(): void {
    for (const [code, total] of Object.entries(this.#counters.refused) as [RefusalCode, number][]) {
      this.#refusing.came(code, total - (this.#seen.get(code) ?? 0));
      this.#seen.set(code, total);
    }
  }

  #lookAtReadiness({ reason }: Readiness, now: number): void {
    if (reason !== null && this.#notReadySince === null) {
      this.#notReadySince = now;
      this.#log.warn('not ready', { reason });
    } else if (reason === null && this.#notReadySince !== null) {
      this.#log.warn('ready again', { seconds: Number(((now - this.#notReadySince) / 1000).toFixed(3)) });
      this.#notReadySince = null;
    }
  }
}
