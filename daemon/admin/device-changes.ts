import type { Config } from '../../config/config.ts';
import { mostDevices } from '../../config/cross-checks.ts';
import { normaliseDevicePath } from '../../config/device-path.ts';
import type { Clock } from '../clock.ts';
import type { Lane } from '../delivery/lane.ts';
import type { StoredDevice } from '../state/stored-table.ts';
import type { TableStore } from '../state/table-store.ts';
import { pathTaken } from '../table/conflict-refusal.ts';
import { apiDevice, type DeclaredDevice } from '../table/declared-devices.ts';
import type { DeviceChange } from '../table/device-change.ts';
import type { DeviceTable } from '../table/device-table.ts';
import { writeTestRecord } from '../table/test-record.ts';
import { AdminRefused, type DeviceRequest } from './admin-control.ts';
import type { ChangeTurns } from './change-turns.ts';

export interface DeviceChangesSettings {
  readonly store: TableStore;
  readonly devices: DeviceTable;
  readonly turns: ChangeTurns;
  readonly clock: Clock;
  /** The configuration in force. */
  readonly config: () => Config;
}

/**
 * Devices that callers enable and disable. The table is stored before a change takes effect: what was answered with success
 * is there after a kill.
 */
export class DeviceChanges {
  readonly #settings: DeviceChangesSettings;
  /** Changes that wait for a device, each beside all others. */
  readonly #underWay = new Set<Promise<void>>();
  /** Lanes that are being tried out. */
  readonly #testing = new Set<Lane>();

  constructor(settings: DeviceChangesSettings) {
    this.#settings = settings;
  }

  /**
   * Opens and tries the device while other changes go on: a peer that answers nothing holds up its own caller alone.
   * What the device claims is taken meanwhile.
   */
  enable(path: string, { type, description, local, options }: DeviceRequest): Promise<void> {
    const { turns, devices, config } = this.#settings;
    turns.refuseWhenStopping();
    if (normaliseDevicePath(path) !== path) throw new AdminRefused(`invalid path "${path}"`);
    if (devices.declared.size >= mostDevices) {
      throw new AdminRefused(`Cannot enable another device: there are ${devices.declared.size} already`);
    }
    const stored = { type, description, local, options };
    // First of all: a misspelt option is what its caller can mend, and is told whatever else there is.
    const device = apiDevice(path, stored, config());
    if (devices.isPathTaken(path)) throw new AdminRefused(pathTaken);
    return this.#alongside(this.#enable(stored, device));
  }

  async #enable(stored: StoredDevice, device: DeclaredDevice): Promise<void> {
    const { devices, store, turns, config } = this.#settings;
    const { path } = device.config;
    // What could not be destroyed when the one before was disabled.
    if (store.current.leaving.has(path) && !devices.isPathTaken(path)) {
      await devices.salts.destroyUnused(path);
      await this.#forget(path);
    }
    // A device that only fails to connect stays when nobody wants it tested: its lane goes on trying.
    const change = await devices.prepareOne(device);
    try {
      if (!device.parsed.lane.skipTest) await this.#test(change);
      await turns.take(async () => {
        // A reload may have forbidden it since, and the next start would be refused with it in the table.
        apiDevice(path, stored, config());
        await devices.confirm(change);
        await store.change((table) => ({
          ...table,
          devices: new Map([...table.devices, [path, stored]]),
        }));
        await devices.commit(change, 0);
      });
    } catch (error) {
      await devices.abandon(change);
      throw error;
    }
  }

  async #test({ lanes }: DeviceChange): Promise<void> {
    for (const lane of lanes) {
      // Opening it has failed already; waiting out its write timeout would only tell the same later.
      const failure = lane.state === 'failing' ? lane.status().lastFailure : null;
      this.#testing.add(lane);
      const why = failure?.message ?? (await writeTestRecord(lane, this.#settings.clock));
      this.#testing.delete(lane);
      if (why !== null) throw new AdminRefused(`audit device failed the test record: ${why}`);
    }
  }

  /** Resolves when the device is closed and its salt gone; other changes do not wait for that. */
  async disable(path: string): Promise<void> {
    const { devices, store, turns } = this.#settings;
    let gone = Promise.resolve();
    await turns.take(async () => {
      const device = devices.declared.get(path);
      // What a device that is gone has left behind: who disables it wants it gone, too.
      if (device === undefined) {
        if (devices.isPathTaken(path)) return;
        await devices.salts.destroyUnused(path);
        await this.#forget(path);
        return;
      }
      if (device.declared === 'config') {
        throw new AdminRefused(
          `device "${path}" is declared in the configuration file: remove it there and reload`,
        );
      }
      await store.change((table) => ({
        ...table,
        devices: new Map([...table.devices].filter(([each]) => each !== path)),
        leaving: new Set([...table.leaving, path]),
      }));
      gone = this.#alongside(devices.remove(path).then(() => this.#forget(path)));
      // It is awaited below; here it only must not count as forgotten.
      gone.catch(() => {});
    });
    await gone;
  }

  /** The salt of a disabled device is gone. */
  async #forget(path: string): Promise<void> {
    await this.#settings.store.change((table) =>
      table.leaving.has(path)
        ? { ...table, leaving: new Set([...table.leaving].filter((each) => each !== path)) }
        : table,
    );
  }

  /** Destroys the salt of a device that is not there. */
  async destroySalt(path: string): Promise<void> {
    const { devices, turns } = this.#settings;
    await turns.take(async () => {
      if (await devices.salts.destroyUnused(path)) return;
      throw new AdminRefused(`Cannot destroy the salt of device "${path}": there is none`, 404);
    });
  }

  /** Waits for changes under way, which are refused from now on; a test record is not waited for. */
  async stop(): Promise<void> {
    await Promise.all([...this.#testing].map((lane) => lane.close('stopping', 0)));
    await Promise.allSettled(this.#underWay);
  }

  async #alongside(change: Promise<void>): Promise<void> {
    this.#underWay.add(change);
    try {
      await change;
    } finally {
      this.#underWay.delete(change);
    }
  }
}
