import PQueue from 'p-queue';
import type { Config } from '../../config/config.ts';
import { normaliseDevicePath, pathsCollide } from '../../config/device-path.ts';
import { isHeaderName } from '../../config/header-name.ts';
import { OptionsRefused } from '../../devices/device-kind.ts';
import { PolicyRefused } from '../../format/formatter.ts';
import type { MountKeys } from '../../format/line-options.ts';
import { policyProblems } from '../../format/policy-check.ts';
import type { Lane } from '../delivery/lane.ts';
import type { IngestSettings } from '../ingest/session.ts';
import { destroySalt, SaltRefused } from '../state/salts.ts';
import { type StateDirectory, StateRefused } from '../state/state-directory.ts';
import { type StoredDevice, type StoredTable, writeTable } from '../state/stored-table.ts';
import { apiDevice, type DeclaredDevice } from '../table/declared-devices.ts';
import type { DeviceChange, DeviceTable } from '../table/device-table.ts';
import { DevicesRefused } from '../table/devices-refused.ts';
import { recordPolicy } from '../table/record-policy.ts';
import { ownerOfFile } from '../table/shared-file.ts';
import { writeTestRecord } from '../table/test-record.ts';
import { type AdminControl, AdminRefused, type DeviceListing, type DeviceRequest } from './admin-control.ts';

const noKeys: MountKeys = Object.freeze({ requestKeys: [], responseKeys: [] });

export interface ControlSettings {
  readonly state: StateDirectory;
  readonly stored: StoredTable;
  readonly devices: DeviceTable;
  readonly ingest: Pick<IngestSettings, 'broker' | 'formatter' | 'clock'>;
  /** The configuration in force. */
  readonly config: () => Config;
}

/**
 * What callers of the API change, one change after the other. The stored table is written before a change takes
 * effect: what was answered with success is there after a kill.
 */
export class Control implements AdminControl {
  readonly #settings: ControlSettings;
  readonly #changes = new PQueue({ concurrency: 1 });
  #stored: StoredTable;
  #stopping = false;
  /** Paths of devices that are being enabled, and the work on them. */
  readonly #taken = new Set<string>();
  readonly #enabling = new Set<Promise<void>>();
  /** Lanes that are being tried out. */
  readonly #testing = new Set<Lane>();

  constructor(settings: ControlSettings) {
    this.#settings = settings;
    this.#stored = settings.stored;
  }

  get stored(): StoredTable {
    return this.#stored;
  }

  /** Runs a change that is not the API's, such as a reload, when no other is under way. */
  async alone<T>(change: () => Promise<T>): Promise<T> {
    return this.#changes.add(change);
  }

  devices(): readonly DeviceListing[] {
    return [...this.#settings.devices.declared].map(([path, { declared, config }]) => ({
      path,
      type: config.type,
      description: config.description,
      local: config.local,
      options: { ...config.options, ...config.credentialOptions },
      declared,
    }));
  }

  /**
   * Opens and tries the device while other changes go on: a peer that answers nothing holds up its own caller alone.
   * The path is taken meanwhile.
   */
  enable(path: string, request: DeviceRequest): Promise<void> {
    return this.#refusing(async () => {
      const { type, description, local, options } = request;
      const stored = { type, description, local, options };
      const device = this.#take(path, stored);
      const enabling = this.#enable(path, stored, device);
      this.#enabling.add(enabling);
      try {
        await enabling;
      } finally {
        this.#enabling.delete(enabling);
        this.#taken.delete(path);
      }
    });
  }

  #take(path: string, stored: StoredDevice): DeclaredDevice {
    if (this.#stopping) throw stoppingRefusal();
    if (normaliseDevicePath(path) !== path) throw new AdminRefused(`invalid path "${path}"`);
    const others = [...this.#settings.devices.declared.keys(), ...this.#taken];
    if (others.some((other) => pathsCollide(other, path))) throw new AdminRefused('path already in use');
    const device = apiDevice(path, stored, this.#settings.config());
    const owner = ownerOfFile(device, this.#settings.devices.declared.values());
    if (owner !== null) {
      throw new AdminRefused(
        `file "${stored.options['file_path'] ?? ''}" is written by device "${owner}" already`,
      );
    }
    this.#taken.add(path);
    return device;
  }

  async #enable(path: string, stored: StoredDevice, device: DeclaredDevice): Promise<void> {
    const { devices, state } = this.#settings;
    // What an earlier device of this path left behind, had its end been cut short.
    await destroySalt(state, path);
    // A device that only fails to connect stays when nobody wants it tested: its lane goes on trying.
    const change = await devices.prepare(new Map([[path, device]]));
    try {
      if (!device.parsed.lane.skipTest) await this.#test(change);
      await this.#alone(async () => {
        await this.#store({ ...this.#stored, devices: new Map([...this.#stored.devices, [path, stored]]) });
        const declared = new Map([...devices.declared, [path, device] as const]);
        await devices.commit({ ...change, declared, removedPaths: [] }, 0);
      });
    } catch (error) {
      await devices.abandon(change);
      throw error;
    }
  }

  async #test(change: DeviceChange): Promise<void> {
    for (const lane of change.lanes) {
      // Opening it has failed already; waiting out its write timeout would only tell the same later.
      const failure = lane.state === 'failing' ? lane.status().lastFailure : null;
      this.#testing.add(lane);
      const why = failure?.message ?? (await writeTestRecord(lane, this.#settings.ingest.clock));
      this.#testing.delete(lane);
      if (why !== null) throw new AdminRefused(`audit device failed the test record: ${why}`);
    }
  }

  /** Destroys the salts of devices that are gone, and spares those of devices that are being enabled. */
  async destroyOrphanedSalts(): Promise<void> {
    await this.#settings.devices.destroyOrphanedSalts(this.#taken);
  }

  disable(path: string): Promise<void> {
    return this.#change(async () => {
      const { devices } = this.#settings;
      const device = devices.declared.get(path);
      if (device === undefined) return;
      if (device.declared === 'config') {
        throw new AdminRefused(
          `device "${path}" is declared in the configuration file: remove it there and reload`,
        );
      }
      const change = await devices.prepare(without(devices.declared, path));
      try {
        await this.#store({ ...this.#stored, devices: without(this.#stored.devices, path) });
      } catch (error) {
        await devices.abandon(change);
        throw error;
      }
      await devices.commit(change, 0);
      await destroySalt(this.#settings.state, path);
    });
  }

  hash(path: string, input: string): string {
    const lane = this.#settings.ingest.broker.lanes.find((each) => each.path === path);
    if (lane === undefined) throw new AdminRefused(`unknown audit backend "${path}"`);
    return lane.format.hash(input);
  }

  headers(): ReadonlyMap<string, { readonly hmac: boolean }> {
    return recordPolicy(this.#settings.config(), this.#stored).auditedHeaders;
  }

  setHeader(name: string, hmac: boolean): Promise<void> {
    const key = name.toLowerCase();
    return this.#change(async () => {
      if (!isHeaderName(name)) throw new AdminRefused(`invalid header name "${name}"`);
      const headers = new Map([...this.#stored.headers, [key, { hmac }] as const]);
      await this.#store({ ...this.#stored, headers });
    });
  }

  deleteHeader(name: string): Promise<void> {
    const key = name.toLowerCase();
    return this.#change(async () => {
      if (!this.#stored.headers.has(key) && this.#settings.config().auditedHeaders.has(key)) {
        throw new AdminRefused(
          `header "${key}" is declared in the configuration file: remove it there and reload`,
        );
      }
      if (!this.#stored.headers.has(key)) return;
      await this.#store({ ...this.#stored, headers: without(this.#stored.headers, key) });
    });
  }

  mountKeys(mount: string): MountKeys {
    return recordPolicy(this.#settings.config(), this.#stored).mounts.get(mount) ?? noKeys;
  }

  setMountKeys(mount: string, keys: Partial<MountKeys>): Promise<void> {
    return this.#change(async () => {
      const mounts = new Map([
        ...this.#stored.mounts,
        [mount, { ...this.#stored.mounts.get(mount), ...keys }] as const,
      ]);
      await this.#store({ ...this.#stored, mounts });
    });
  }

  /** Refuses further changes and waits for those under way; a test record is not waited for. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#testing].map((lane) => lane.close('stopping')));
    await Promise.allSettled(this.#enabling);
    await this.#changes.onIdle();
  }

  #change(work: () => Promise<void>): Promise<void> {
    return this.#refusing(() => this.#alone(work));
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    await this.#changes.add(async () => {
      if (this.#stopping) throw stoppingRefusal();
      await work();
    });
  }

  /** Tells the caller what was refused, in the way of the API. */
  async #refusing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (
        error instanceof OptionsRefused ||
        error instanceof DevicesRefused ||
        error instanceof PolicyRefused
      ) {
        throw new AdminRefused(error.message);
      }
      if (error instanceof StateRefused || error instanceof SaltRefused) {
        throw new AdminRefused(error.message, 500);
      }
      throw error;
    }
  }

  /** Writes the table; from then on it is in force. A policy that the formatter cannot have is never written. */
  async #store(table: StoredTable): Promise<void> {
    const before = this.#stored;
    const policy = recordPolicy(this.#settings.config(), table);
    const problems = policyProblems(policy);
    if (problems.length > 0) throw new PolicyRefused(problems);
    await writeTable(this.#settings.state, table);
    this.#stored = table;
    const samePolicy = table.headers === before.headers && table.mounts === before.mounts;
    if (!samePolicy) this.#settings.ingest.formatter.setPolicy(policy);
  }
}

function stoppingRefusal(): AdminRefused {
  return new AdminRefused('the daemon is stopping', 503);
}

function without<T>(map: ReadonlyMap<string, T>, key: string): Map<string, T> {
  return new Map([...map].filter(([each]) => each !== key));
}
