import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { Broker } from './broker.ts';
import type { Lane } from './lane.ts';
import type { LaneState } from './lane-status.ts';

/** A blocked device is noticed this long after its write timeout at the latest. */
const tickMs = 100;

/** How long a device that has failed has to be well until that is told: a peer may take a line and go away at once. */
const steadyMs = 1_000;

/** A trouble that is not over. */
interface Trouble {
  readonly since: number;
  /** What the device had taken when it began. */
  readonly bytes: number;
  /** What was told last. */
  state: 'blocked' | 'failing';
  /** Since when the lane is well, as far as it knows, and has taken something; `null` while that is not so. */
  wellSince: number | null;
  takingSince: number | null;
}

/**
 * Looks at every lane a few times a second, because a lane to which nothing happens does not look at itself; and
 * logs each trouble once when it starts and once when it is over.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #broker: Broker;
  readonly #log: Log;
  readonly #troubled = new Map<Lane, Trouble>();
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, broker: Broker, log: Log) {
    this.#clock = clock;
    this.#broker = broker;
    this.#log = log;
  }

  start(): this {
    this.#cancel = this.#clock.setTimer(tickMs, () => {
      for (const lane of this.#broker.lanes) lane.check();
      for (const [lane, trouble] of this.#troubled) this.#endIfProven(lane, trouble);
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
      // One that was reached again in between and has taken nothing, or went away at once, is in the same trouble still.
      const same = trouble?.state === to;
      if (trouble === undefined) this.#troubled.set(lane, this.#begun(lane, to));
      else Object.assign(trouble, { state: to, wellSince: null, takingSince: null });
      if (!same) this.#logTrouble(lane, to);
    } else if (to === 'disabled') {
      this.#troubled.delete(lane);
    } else if (trouble !== undefined && to === 'ok') {
      trouble.wellSince = this.#clock.now();
      this.#endIfProven(lane, trouble);
    }
  }

  #begun(lane: Lane, state: Trouble['state']): Trouble {
    return {
      since: this.#clock.now(),
      bytes: lane.status().counters.bytes,
      state,
      wellSince: null,
      takingSince: null,
    };
  }

  /** A peer that was only connected to again may go away with the next record: it has recovered when it has taken one. */
  #endIfProven(lane: Lane, trouble: Trouble): void {
    const { since, bytes, state, wellSince } = trouble;
    if (wellSince === null || lane.status().counters.bytes === bytes) return;
    trouble.takingSince ??= this.#clock.now();
    if (state === 'failing' && this.#clock.now() - trouble.takingSince < steadyMs) return;
    this.#troubled.delete(lane);
    const seconds = Number(((wellSince - since) / 1000).toFixed(3));
    this.#log.info('device recovered', { device: lane.path, type: lane.type, seconds });
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
