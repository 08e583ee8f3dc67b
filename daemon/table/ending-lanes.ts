import type { Clock } from '../clock.ts';
import type { Lane } from '../delivery/lane.ts';
import { within } from '../delivery/within.ts';
import type { Log } from '../log/log.ts';

/**
 * How long anybody waits for a device to be closed: its last write may end within a second, and a closing that takes
 * longer than the rest hangs.
 */
export const closePatienceMs = 1_200;

/** A lane on its way out. */
export interface Ending {
  /** Resolves when the device is closed, or when it was left behind because that takes too long. Does not reject. */
  readonly over: Promise<'closed' | 'left'>;
  /** Resolves when the device is closed, which a hung disk may put off for ever: until then its file is its own. */
  readonly closed: Promise<void>;
}

/** Ends lanes, and knows those of removed and replaced devices that still write what waits. */
export class EndingLanes {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ending = new Set<Ending>();
  /** Whether every device got what was for it, as far as is known at a stop. */
  #keptAll = true;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves when all that are ending now have closed their devices. */
  async ended(): Promise<void> {
    await Promise.all([...this.#ending].map(({ closed }) => closed));
  }

  /** Lets a lane that gets nothing more write what waits, within `drainMs`, and closes it. */
  end(lane: Lane, drainMs: number): Ending {
    return this.#close(lane, 'disabled', drainMs, async () => {
      await lane.drain(drainMs);
      const { queueRecords } = lane.status();
      const fields = { device: lane.path, type: lane.type, dropped_records: queueRecords };
      if (queueRecords > 0) this.#log.warn('device disabled', fields);
      else this.#log.info('device disabled', fields);
    });
  }

  /** Closes a lane that was never offered a record. */
  giveUp(lane: Lane): Ending {
    return this.#close(lane, 'disabled', 0, async () => {});
  }

  /**
   * Lets every lane write what waits, within `drainMs`, and closes it; waits for those that end already, too. Resolves
   * with whether none was left behind, and none of `lanes` without a record that was for it.
   */
  async stop(lanes: readonly Lane[], drainMs: number): Promise<boolean> {
    const before = [...this.#ending];
    const stopping = lanes.map((lane) => this.#stop(lane, drainMs));
    const ends = await Promise.all([...before, ...stopping].map(({ over }) => over));
    return !ends.includes('left') && this.#keptAll;
  }

  #stop(lane: Lane, drainMs: number): Ending {
    return this.#close(lane, 'stopping', drainMs, async () => {
      if (await lane.drain(drainMs)) return;
      const { queueRecords } = lane.status();
      const fields = { device: lane.path, type: lane.type, dropped_records: queueRecords };
      this.#log.error('records dropped at stop', fields);
      this.#keptAll = false;
    });
  }

  /** `drainMs`: what `drain` may take; what it leaves, the peer of a connection has to get what was sent. */
  #close(lane: Lane, reason: 'disabled' | 'stopping', drainMs: number, drain: () => Promise<void>): Ending {
    const latest = this.#clock.now() + drainMs;
    const leftMs = (): number => Math.max(0, latest - this.#clock.now());
    const drained = drain();
    const closed = drained.then(async () => {
      const unconfirmed = await lane.close(reason, leftMs());
      if (unconfirmed > 0) this.#tellUnconfirmed(lane, reason, unconfirmed);
    });
    const over = drained.then(async () => {
      let end: 'closed' | 'left' = 'left';
      const noted = closed.then(() => {
        end = 'closed';
      });
      await within(this.#clock, leftMs() + closePatienceMs, noted);
      if (end === 'left') this.#leaveBehind(lane, closed);
      return end;
    });
    const ending = { over, closed };
    this.#ending.add(ending);
    void closed.then(() => this.#ending.delete(ending));
    return ending;
  }

  #tellUnconfirmed(lane: Lane, reason: 'disabled' | 'stopping', records: number): void {
    const fields = { device: lane.path, type: lane.type, unconfirmed_records: records };
    if (reason === 'disabled') {
      this.#log.warn('records unconfirmed of a disabled device', fields);
      return;
    }
    this.#log.error('records unconfirmed at stop', fields);
    this.#keptAll = false;
  }

  #leaveBehind(lane: Lane, closed: Promise<void>): void {
    const fields = { device: lane.path, type: lane.type };
    const why = 'a call to the operating system has not come back';
    this.#log.error('device left behind', { ...fields, why });
    void closed.then(() => this.#log.info('device that was left behind is closed', fields));
  }
}
