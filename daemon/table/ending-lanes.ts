import type { Lane } from '../delivery/lane.ts';
import type { Log } from '../log/log.ts';

/** Ends lanes, and knows those of removed and replaced devices that still write what waits. */
export class EndingLanes {
  readonly #log: Log;
  readonly #ending = new Set<Promise<void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Resolves when all that are ending now have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#ending);
  }

  /** Lets a lane that gets nothing more write what waits, within `drainMs`, and closes it. Does not reject. */
  async end(lane: Lane, drainMs: number): Promise<void> {
    const ending = this.#drainAndClose(lane, drainMs);
    this.#ending.add(ending);
    await ending;
    this.#ending.delete(ending);
  }

  /** Lets every lane write what waits, within `drainMs`, and closes it; waits for those that end already, too. */
  async stop(lanes: readonly Lane[], drainMs: number): Promise<void> {
    await Promise.all([this.ended(), ...lanes.map((lane) => this.#drainAndStop(lane, drainMs))]);
  }

  async #drainAndStop(lane: Lane, drainMs: number): Promise<void> {
    const drained = await lane.drain(drainMs);
    const { queueRecords } = lane.status();
    if (!drained) {
      const fields = { device: lane.path, type: lane.type, dropped_records: queueRecords };
      this.#log.error('records dropped at stop', fields);
    }
    await lane.close('stopping');
  }

  async #drainAndClose(lane: Lane, drainMs: number): Promise<void> {
    await lane.drain(drainMs);
    const { queueRecords } = lane.status();
    await lane.close('disabled');
    const fields = { device: lane.path, type: lane.type, dropped_records: queueRecords };
    if (queueRecords > 0) this.#log.warn('device disabled', fields);
    else this.#log.info('device disabled', fields);
  }
}
