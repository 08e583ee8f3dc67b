import { isDeepStrictEqual } from 'node:util';
import type { DeviceConfig } from '../../config/config.ts';
import type { Formatter } from '../../format/formatter.ts';
import type { Clock } from '../clock.ts';
import type { Broker } from '../delivery/broker.ts';
import type { Lane, LaneEvents } from '../delivery/lane.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Salts } from '../state/salts.ts';
import type { Claimant } from './claimant.ts';
import { Claims } from './claims.ts';
import { refuseConflicts } from './conflict-refusal.ts';
import { claimantOf, claimantsOf, type DeclaredDevice, type DeclaredTable } from './declared-devices.ts';
import type { DeviceChange } from './device-change.ts';
import { createDeviceLane } from './device-lane.ts';
import { DeviceSalts } from './device-salts.ts';
import { type Ending, EndingLanes } from './ending-lanes.ts';
import { openLanes, openPatienceMs, reopenLanes } from './open-lanes.ts';
import { everyDevice, type OpeningRule } from './opening-rule.ts';
import { Patience } from './patience.ts';
import type { Reach } from './reach.ts';
import { refuseTooManyFiles } from './too-many-files.ts';

export interface DeviceTableSettings {
  readonly salts: Salts;
  readonly formatter: Formatter;
  readonly broker: Broker;
  readonly metrics: Metrics;
  readonly events: LaneEvents;
  readonly clock: Clock;
  readonly log: Log;
  /** Of this process, for files and name lookups. */
  readonly threads: number;
  readonly reach: Reach;
}

/** Which devices there are. Changes come in two halves: all that can fail first, then what cannot. */
export class DeviceTable {
  readonly #settings: DeviceTableSettings;
  readonly #claims = new Claims(() => [
    ...this.#own,
    ...this.#settings.reach.listening(),
    ...claimantsOf(this.#declared),
  ]);
  #declared: ReadonlyMap<string, DeclaredDevice> = new Map();
  #own: readonly Claimant[] = [];
  readonly #ending: EndingLanes;
  readonly #patience: Patience;
  /** Also of devices that are gone. */
  readonly salts: DeviceSalts;

  constructor(settings: DeviceTableSettings) {
    this.#settings = settings;
    this.salts = new DeviceSalts(settings, this.#claims, (path) => this.#declared.has(path));
    this.#ending = new EndingLanes(settings.clock, settings.log);
    this.#patience = new Patience(settings.clock);
  }

  /** From now on no change waits for a device. */
  hurry(): void {
    this.#patience.end();
  }

  /** By path. */
  get declared(): ReadonlyMap<string, DeclaredDevice> {
    return this.#declared;
  }

  /** Whether a device at `path` would collide with one that is there, on its way, or not quite gone. */
  isPathTaken(path: string): boolean {
    return this.#claims.isPathTaken(path);
  }

  /**
   * Opens what is new or changed in a table that takes the place of the one that is there. Rejects with
   * `DevicesRefused` or `SaltRefused`, having undone what it did. A device that cannot work until somebody does
   * something refuses the change, unless the rule bears it: its lane goes on trying.
   */
  async prepare(table: DeclaredTable, rule: OpeningRule): Promise<DeviceChange> {
    const hold = this.#claims.holdAll([...table.own, ...claimantsOf(table.devices)]);
    const change: DeviceChange = { scope: { kind: 'table', table }, lanes: [], newSalts: [], hold };
    return this.#orAbandoned(change, async () => {
      refuseTooManyFiles(change, rule, this.#settings);
      await this.#refuseConflicts(change);
      for (const device of table.devices.values()) await this.#addLaneIfChanged(change, device);
      await openLanes(change.lanes, rule, this.#patience, this.#settings.log);
    });
  }

  /** Opens one device more, as `prepare` does for all. Its claims are taken in this very turn. */
  async prepareOne(device: DeclaredDevice): Promise<DeviceChange> {
    const hold = this.#claims.holdOne(claimantOf(device, 'enabling'));
    const change: DeviceChange = { scope: { kind: 'one', device }, lanes: [], newSalts: [], hold };
    return this.#orAbandoned(change, async () => {
      refuseTooManyFiles(change, everyDevice, this.#settings);
      await this.#refuseConflicts(change);
      await this.#addLaneIfChanged(change, device);
      await openLanes(change.lanes, everyDevice, this.#patience, this.#settings.log);
    });
  }

  /**
   * Looks again at what the change claims, right before it is made: a path may lead elsewhere by now. Rejects with
   * `DevicesRefused`, having taken the change back.
   */
  async confirm(change: DeviceChange): Promise<void> {
    await this.#orAbandoned(change, () => this.#refuseConflicts(change));
  }

  async #orAbandoned(change: DeviceChange, work: () => Promise<void>): Promise<DeviceChange> {
    try {
      await work();
      return change;
    } catch (error) {
      await this.abandon(change);
      throw error;
    }
  }

  async #refuseConflicts(change: DeviceChange): Promise<void> {
    const { log } = this.#settings;
    await refuseConflicts(change, () => this.#patience.wait(openPatienceMs, this.#ending.ended()), log);
  }

  async #addLaneIfChanged(change: DeviceChange, device: DeclaredDevice): Promise<void> {
    const { salts, formatter, broker, log } = this.#settings;
    const { config, parsed } = device;
    const { path, saltFile } = config;
    const salt = await salts.obtain(path, saltFile, (message) => log.warn('salt file', { message }));
    if (salt.made) change.newSalts.push(path);
    if (salt.putBack) this.salts.tellPutBack(path);
    const format = formatter.line(parsed.line, salt.bytes);
    salt.bytes.fill(0);
    const current = broker.lanes.find((lane) => lane.path === path);
    const before = this.#declared.get(path);
    if (current !== undefined && before !== undefined && sameDevice(before.config, config)) {
      // The salt may come from a file that was changed: compare what the two make of the same text.
      const sameSalt = current.format.hash('') === format.hash('');
      if (sameSalt) return format.dispose();
    }
    change.lanes.push(createDeviceLane(device, format, this.#settings));
  }

  /**
   * Takes the change back: new devices are closed again, and salts that were made for it are destroyed, but not that of
   * a device that is there. Does nothing the second time.
   */
  async abandon({ scope, lanes, newSalts, hold }: DeviceChange): Promise<void> {
    try {
      await Promise.all(
        lanes.splice(0).map(async (lane) => {
          const device = scope.kind === 'one' ? scope.device : scope.table.devices.get(lane.path)!;
          await this.#leaveHeld(this.#ending.giveUp(lane), device);
        }),
      );
      for (const path of newSalts.splice(0)) {
        if (!this.#declared.has(path)) await this.#settings.salts.destroy(path);
      }
    } finally {
      hold.release();
    }
  }

  /**
   * Makes the change, in one turn. From the next record on, removed and replaced devices get nothing more; what waits
   * for them is written within `drainMs`, then they are closed, and it resolves. It does not reject.
   */
  async commit(change: DeviceChange, drainMs: number): Promise<void> {
    const { broker, metrics, log } = this.#settings;
    const { scope, hold } = change;
    const before = this.#declared;
    // What is there from now on is nothing that could be taken back.
    const lanes = change.lanes.splice(0);
    change.newSalts.length = 0;
    if (scope.kind === 'table') [this.#declared, this.#own] = [scope.table.devices, scope.table.own];
    else this.#declared = new Map([...before, [scope.device.config.path, scope.device]]);
    const replaced = new Set(lanes.map((lane) => lane.path));
    const ended = broker.lanes.filter((lane) => !this.#declared.has(lane.path) || replaced.has(lane.path));
    for (const lane of ended) {
      if (!this.#declared.has(lane.path)) broker.remove(lane);
      metrics.forgetDevice(lane.path);
    }
    for (const lane of lanes) {
      broker.add(lane);
      metrics.addDevice(lane.path, lane.type);
      log.info('device enabled', { device: lane.path, type: lane.type });
    }
    const ending = ended.map((lane) => this.#endHeld(lane, before.get(lane.path)!, drainMs));
    hold.release();
    await Promise.all(ending);
  }

  /** Until a lane is closed, nobody else is given its file, unless by the operator. */
  async #endHeld(lane: Lane, device: DeclaredDevice, drainMs: number): Promise<void> {
    const hold = this.#claims.holdOne(claimantOf(device, 'ending'));
    await this.#ending.end(lane, drainMs).closed;
    hold.release();
  }

  /** Resolves when a lane is closed or left behind; one that was left keeps its file, but not its path. */
  async #leaveHeld({ over, closed }: Ending, device: DeclaredDevice): Promise<void> {
    if ((await over) === 'closed') return;
    const hold = this.#claims.holdOne(claimantOf(device, 'ending'));
    void closed.then(() => hold.release());
  }

  /**
   * Takes a device out, in one turn, and closes it, or leaves it behind when that hangs. Resolves when its salt is
   * destroyed, and rejects with `StateRefused` when that cannot be; until then its path and its file stay taken, so
   * that nobody makes a salt there that this would destroy.
   */
  async remove(path: string): Promise<void> {
    const { broker, metrics, salts } = this.#settings;
    const device = this.#declared.get(path);
    if (device === undefined) return;
    this.#declared = new Map([...this.#declared].filter(([each]) => each !== path));
    const hold = this.#claims.holdOne(claimantOf(device, 'removing'));
    const lane = broker.lanes.find((each) => each.path === path);
    if (lane !== undefined) broker.remove(lane);
    metrics.forgetDevice(path);
    try {
      if (lane !== undefined) await this.#leaveHeld(this.#ending.end(lane, 0), device);
      await salts.destroy(path);
    } finally {
      hold.release();
    }
  }

  /** Follows a rotation of log files on every device. */
  async reopen(): Promise<void> {
    await reopenLanes(this.#settings.broker.lanes, this.#patience, this.#settings.log);
  }

  /** Writes what waits, within `drainMs`, then closes every device. Resolves with whether nothing was left behind. */
  async stop(drainMs: number): Promise<boolean> {
    await this.salts.putBackMissing();
    return this.#ending.stop(this.#settings.broker.lanes, drainMs);
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
