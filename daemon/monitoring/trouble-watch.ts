import type { Clock } from '../clock.ts';
import type { IngestCounters } from '../ingest/ingest-counters.ts';
import type { RefusalCode } from '../ingest/refusals.ts';
import type { Log } from '../log/log.ts';
import { type Readiness, readiness } from './health.ts';
import type { StatusSource } from './status-routes.ts';

/** Often enough for a person, and nothing beside the records of a second. */
const tickMs = 1000;

/** So long without a refusal, and it is over: what comes and goes faster is one trouble and not many. */
const quietMs = 10_000;

interface Refusing {
  readonly since: number;
  last: number;
  count: number;
}

/**
 * Says when records begin to be refused and when that is over, and the same of readiness: once each, not once a record.
 * It reads counters on a timer, so the way of a record knows nothing of it.
 */
export class TroubleWatch {
  readonly #clock: Clock;
  readonly #counters: IngestCounters;
  readonly #status: Pick<StatusSource, 'require' | 'lanes' | 'phase'>;
  readonly #log: Log;
  readonly #seen = new Map<string, number>();
  readonly #refusing = new Map<string, Refusing>();
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
    for (const [code, refusing] of this.#refusing) this.#logEnd(code, refusing);
    this.#refusing.clear();
  }

  #look(): void {
    this.#lookAtRefusals();
    const now = this.#clock.now();
    for (const [code, refusing] of this.#refusing) {
      if (now - refusing.last < quietMs) continue;
      this.#refusing.delete(code);
      this.#logEnd(code, refusing);
    }
    const { require, lanes, phase } = this.#status;
    // At the start and in a stop it is nobody's trouble.
    if (phase() === 'running') this.#lookAtReadiness(readiness(require, lanes(), 'running'), now);
  }

  #lookAtRefusals(): void {
    const now = this.#clock.now();
    for (const [code, total] of Object.entries(this.#counters.refused) as [RefusalCode, number][]) {
      const more = total - (this.#seen.get(code) ?? 0);
      if (more === 0) continue;
      this.#seen.set(code, total);
      const refusing = this.#refusing.get(code);
      if (refusing === undefined) {
        this.#refusing.set(code, { since: now, last: now, count: more });
        this.#log.warn('records refused', { code, records: more });
      } else {
        refusing.last = now;
        refusing.count += more;
      }
    }
  }

  #logEnd(code: string, { since, last, count }: Refusing): void {
    this.#log.warn('records no longer refused', {
      code,
      records: count,
      seconds: seconds(last - since),
    });
  }

  #lookAtReadiness({ reason }: Readiness, now: number): void {
    if (reason !== null && this.#notReadySince === null) {
      this.#notReadySince = now;
      this.#log.warn('not ready', { reason });
    } else if (reason === null && this.#notReadySince !== null) {
      this.#log.warn('ready again', { seconds: seconds(now - this.#notReadySince) });
      this.#notReadySince = null;
    }
  }
}

function seconds(ms: number): number {
  return Number((ms / 1000).toFixed(3));
}
