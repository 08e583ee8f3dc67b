import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { Broker } from './broker.ts';
import type { Lane } from './lane.ts';
import type { LaneState } from './lane-status.ts';

/** A blocked device is noticed this long after its write timeout at the latest. */
const tickMs = 100;

/** A trouble that is not over. `state` was told last; `over`: the lane is well, as far as it knows. */
interface Trouble {
  readonly since: number;
  /** What the device had taken when it began. */
  readonly bytes: number;
  state: 'blocked' | 'failing';
  over: boolean;
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
      // One that was reached again in between and has taken nothing is in the same trouble still.
      const same = trouble?.state === to;
      if (trouble === undefined) this.#troubled.set(lane, this.#begun(lane, to));
      else Object.assign(trouble, { state: to, over: false });
      if (!same) this.#logTrouble(lane, to);
    } else if (to === 'disabled') {
      this.#troubled.delete(lane);
    } else if (trouble !== undefined && to === 'ok') {
      trouble.over = true;
      this.#endIfProven(lane, trouble);
    }
  }

  #begun(lane: Lane, state: Trouble['state']): Trouble {
    return { since: this.#clock.now(), bytes: lane.status().counters.bytes, state, over: false };
  }

  /** A peer that was only connected to again may go away with the next record: it has recovered when it has taken one. */
  #endIfProven(lane: Lane, { since, bytes, over }: Trouble): void {
    if (!over || lane.status().counters.bytes === bytes) return;
    this.#troubled.delete(lane);
    const seconds = Number(((this.#clock.now() - since) / 1000).toFixed(3));
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
