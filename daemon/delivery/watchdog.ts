import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { Broker } from './broker.ts';
import type { Lane } from './lane.ts';
import type { LaneState } from './lane-status.ts';

/** A blocked device is noticed this long after its write timeout at the latest. */
const tickMs = 100;

/**
 * Looks at every lane a few times a second, because a lane to which nothing happens does not look at itself; and
 * logs each trouble once when it starts and once when it is over.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #broker: Broker;
  readonly #log: Log;
  readonly #troubled = new Map<Lane, { readonly since: number; state: LaneState }>();
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, broker: Broker, log: Log) {
    this.#clock = clock;
    this.#broker = broker;
    this.#log = log;
  }

  start(): this {
    this.#cancel = this.#clock.setTimer(tickMs, () => {
      for (const lane of this.#broker.lanes) lane.check();
      this.start();
    });
    return this;
  }

  stop(): void {
    this.#cancel?.();
  }

  /** To be called on every change of a lane's state. */
  stateChanged(lane: Lane, to: LaneState): void {
    const trouble = this.#troubled.get(lane);
    if (to === 'blocked' || to === 'failing') {
      if (trouble?.state === to) return;
      if (trouble === undefined) this.#troubled.set(lane, { since: this.#clock.now(), state: to });
      else trouble.state = to;
      this.#logTrouble(lane, to);
    } else if (trouble !== undefined && to !== 'slow') {
      this.#troubled.delete(lane);
      if (to === 'disabled') return;
      const seconds = Number(((this.#clock.now() - trouble.since) / 1000).toFixed(3));
      this.#log.info('device recovered', { device: lane.path, type: lane.type, seconds });
    }
  }

  #logTrouble(lane: Lane, state: 'blocked' | 'failing'): void {
    const status = lane.status();
    const fields = { device: lane.path, type: lane.type, waiting_records: status.queueRecords };
    if (state === 'blocked') {
      const seconds = Number((status.oldestWaitingMs / 1000).toFixed(3));
      this.#log.warn('device blocked', { ...fields, oldest_waiting_seconds: seconds });
    } else {
      const reason = status.lastFailure?.reason ?? 'io';
      this.#log.warn('device failing', { ...fields, reason, error: status.lastFailure?.message ?? '' });
    }
  }
}
