import { isDeepStrictEqual } from 'node:util';
import type { DeviceConfig } from '../../config/config.ts';
import { DeviceFailure } from '../../devices/device.ts';
import type { Formatter } from '../../format/formatter.ts';
import type { Clock } from '../clock.ts';
import type { Broker } from '../delivery/broker.ts';
import { Lane, type LaneEvents } from '../delivery/lane.ts';
import { within } from '../delivery/within.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { destroySalt, hasSalt, saltFor, storedSalts } from '../state/salts.ts';
import type { StateDirectory } from '../state/state-directory.ts';
import type { DeclaredDevice } from './declared-devices.ts';
import { DevicesRefused } from './devices-refused.ts';

/** How long a start or reload waits for a device to open. A slower one goes on opening in its lane. */
const openPatienceMs = 2_000;

/** What a new set of devices will change. Nothing has changed yet but that new devices are open. */
export interface DeviceChange {
  readonly declared: ReadonlyMap<string, DeclaredDevice>;
  /** Lanes of new and changed devices. */
  readonly lanes: readonly Lane[];
  readonly removedPaths: readonly string[];
  /** Paths whose salt was made for this change. */
  readonly newSalts: readonly string[];
}

export interface DeviceTableSettings {
  readonly state: StateDirectory;
  readonly formatter: Formatter;
  readonly broker: Broker;
  readonly metrics: Metrics;
  readonly events: LaneEvents;
  readonly clock: Clock;
  readonly log: Log;
}

/** Which devices there are. Changes come in two halves: all that can fail first, then what cannot. */
export class DeviceTable {
  readonly #settings: DeviceTableSettings;
  #declared: ReadonlyMap<string, DeclaredDevice> = new Map();
  /** Lanes of removed and replaced devices that still write what waits. */
  readonly #ending = new Set<Promise<unknown>>();

  constructor(settings: DeviceTableSettings) {
    this.#settings = settings;
  }

  /** By path. */
  get declared(): ReadonlyMap<string, DeclaredDevice> {
    return this.#declared;
  }

  /**
   * Opens what is new or changed. Rejects with `DevicesRefused` or `SaltRefused`, having undone what it did. A
   * device that cannot work until somebody does something refuses the change, unless `mayFail` says that its lane is
   * to go on trying.
   */
  async prepare(
    declared: ReadonlyMap<string, DeclaredDevice>,
    mayFail: (device: DeclaredDevice) => boolean = () => false,
  ): Promise<DeviceChange> {
    const removedPaths = [...this.#declared.keys()].filter((path) => !declared.has(path));
    const lanes: Lane[] = [];
    const change = { declared, lanes, removedPaths, newSalts: [] as string[] };
    try {
      for (const [path, device] of declared) {
        // The very same declaration: nobody asked for a change here, so nothing of it is looked at again.
        if (this.#declared.get(path) === device) continue;
        const salted = device.config.saltFile !== null || (await hasSalt(this.#settings.state, path));
        const lane = await this.#laneIfChanged(path, device);
        if (!salted) change.newSalts.push(path);
        if (lane !== null) lanes.push(lane);
      }
      await this.#open(lanes, (lane) => mayFail(declared.get(lane.path)!));
      return change;
    } catch (error) {
      await this.abandon(change);
      throw error;
    }
  }

  async #laneIfChanged(path: string, device: DeclaredDevice): Promise<Lane | null> {
    const { state, formatter, broker, clock, events, log } = this.#settings;
    const { config, parsed } = device;
    const salt = await saltFor(state, path, config.saltFile, (message) => log.warn('salt file', { message }));
    const format = formatter.line(parsed.line, salt);
    const current = broker.lanes.find((lane) => lane.path === path);
    const before = this.#declared.get(path);
    if (current !== undefined && before !== undefined && sameDevice(before.config, config)) {
      // The salt may come from a file that was changed: compare what the two make of the same text.
      const sameSalt = current.format.hash('') === format.hash('');
      if (sameSalt) {
        format.dispose();
        return null;
      }
    }
    return new Lane({
      path,
      type: parsed.type,
      options: parsed.lane,
      format,
      clock,
      events,
      createDevice: (onLost) => parsed.create({ path, onLost, clock }),
    });
  }

  async #open(lanes: readonly Lane[], mayFail: (lane: Lane) => boolean): Promise<void> {
    const refused: string[] = [];
    const opening = lanes.map(async (lane) => {
      try {
        await lane.open();
      } catch (error) {
        if (!(error instanceof DeviceFailure)) throw error;
        // One that may come back by itself is the watchdog's to report and the lane's to try again.
        if (error.permanent && !mayFail(lane)) refused.push(`${lane.path}: ${error.message}`);
      }
    });
    const opened = Promise.all(opening);
    // A device that fails in its own way after the wait must not end the process.
    opened.catch(() => {});
    await within(this.#settings.clock, openPatienceMs, opened);
    if (refused.length > 0) throw new DevicesRefused(refused.join('; '));
  }

  /** Takes the change back: new devices are closed again, their salts destroyed. */
  async abandon(change: DeviceChange): Promise<void> {
    await Promise.all(change.lanes.map((lane) => lane.close('disabled')));
    for (const path of change.newSalts) await destroySalt(this.#settings.state, path);
  }

  /**
   * Makes the change, in one turn. From the next record on, removed and replaced devices get nothing more; what waits
   * for them is written within `drainMs`, then they are closed, and it resolves. It does not reject.
   */
  async commit(change: DeviceChange, drainMs: number): Promise<void> {
    const { broker, metrics, log } = this.#settings;
    const replacedPaths = change.lanes.map((lane) => lane.path);
    const ended = broker.lanes.filter(
      (lane) => change.removedPaths.includes(lane.path) || replacedPaths.includes(lane.path),
    );
    this.#declared = change.declared;
    for (const lane of ended) {
      if (change.removedPaths.includes(lane.path)) broker.remove(lane);
      metrics.forgetDevice(lane.path);
    }
    for (const lane of change.lanes) {
      broker.add(lane);
      metrics.addDevice(lane.path, lane.type);
      log.info('device enabled', { device: lane.path, type: lane.type });
    }
    const ending = Promise.all(ended.map((lane) => this.#end(lane, drainMs)));
    this.#ending.add(ending);
    await ending;
    this.#ending.delete(ending);
  }

  async #end(lane: Lane, drainMs: number): Promise<void> {
    const { log } = this.#settings;
    await lane.drain(drainMs);
    const { queueRecords } = lane.status();
    await lane.close('disabled');
    const fields = { device: lane.path, type: lane.type, dropped_records: queueRecords };
    if (queueRecords > 0) log.warn('device disabled', fields);
    else log.info('device disabled', fields);
  }

  /** Destroys the salts of devices that are no longer there, but for the `spared`: what they hashed can no longer be compared. */
  async destroyOrphanedSalts(spared: ReadonlySet<string> = new Set()): Promise<void> {
    const { state, log } = this.#settings;
    // One that cannot be read is left: whose it is cannot be told, and it keeps no device from working.
    const unreadable = (message: string): void => log.warn('salt not read', { message });
    for (const path of await storedSalts(state, unreadable)) {
      if (this.#declared.has(path) || spared.has(path)) continue;
      await destroySalt(state, path);
      log.info('salt destroyed', { device: path });
    }
  }

  /** Follows a rotation of log files on every device. */
  async reopen(): Promise<void> {
    const { broker, log } = this.#settings;
    await Promise.all(
      broker.lanes.map(async (lane) => {
        try {
          await lane.reopen();
        } catch (error) {
          const message = error instanceof DeviceFailure ? error.message : 'internal error';
          log.error('device not reopened', { device: lane.path, type: lane.type, error: message });
        }
      }),
    );
  }

  /** Writes what waits, within `drainMs`, then closes every device. */
  async stop(drainMs: number): Promise<void> {
    const { broker, log } = this.#settings;
    await Promise.all([
      ...this.#ending,
      ...broker.lanes.map(async (lane) => {
        const drained = await lane.drain(drainMs);
        const { queueRecords } = lane.status();
        if (!drained) {
          log.error('records dropped at stop', {
            device: lane.path,
            type: lane.type,
            dropped_records: queueRecords,
          });
        }
        await lane.close('stopping');
      }),
    ]);
  }
}

/** Whether a device can go on as it is; a new description does not change what it does. */
function sameDevice(before: DeviceConfig, now: DeviceConfig): boolean {
  return (
    before.type === now.type &&
    before.saltFile === now.saltFile &&
    isDeepStrictEqual(before.options, now.options)
  );
}
