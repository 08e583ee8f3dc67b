import PQueue from 'p-queue';
import type { Config } from '../../config/config.ts';
import { normaliseDevicePath, pathsCollide } from '../../config/device-path.ts';
import { OptionsRefused } from '../../devices/device-kind.ts';
import { PolicyRefused } from '../../format/formatter.ts';
import type { MountKeys } from '../../format/line-options.ts';
import { policyProblems } from '../../format/policy-check.ts';
import { apiDevice } from '../declared-devices.ts';
import type { Lane } from '../delivery/lane.ts';
import type { DeviceChange, DeviceTable } from '../device-table.ts';
import { DevicesRefused } from '../devices-refused.ts';
import type { IngestSettings } from '../ingest/session.ts';
import { recordPolicy } from '../record-policy.ts';
import { destroySalt, SaltRefused } from '../salts.ts';
import { type StateDirectory, StateRefused } from '../state-directory.ts';
import { type StoredTable, writeTable } from '../stored-table.ts';
import { writeTestRecord } from '../test-record.ts';
import { type AdminControl, AdminRefused, type DeviceListing, type DeviceRequest } from './admin-control.ts';

const noKeys: MountKeys = Object.freeze({ requestKeys: [], responseKeys: [] });

/** Header names are tokens (RFC 9110, section 5.6.2). */
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

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
  /** The lane of a device that is being tried out. */
  #testing: Lane | null = null;

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

  enable(path: string, request: DeviceRequest): Promise<void> {
    return this.#change(async () => {
      const declared = this.#settings.devices.declared;
      if (normaliseDevicePath(path) !== path) throw new AdminRefused(`invalid path "${path}"`);
      if ([...declared.keys()].some((other) => pathsCollide(other, path))) {
        throw new AdminRefused('path already in use');
      }
      const { type, description, local, options } = request;
      const device = apiDevice(path, { type, description, local, options }, this.#settings.config());
      const { skipTest } = device.parsed.lane;
      // What an earlier device of this path left behind, had its end been cut short.
      await destroySalt(this.#settings.state, path);
      // A device that only fails to connect stays when nobody wants it tested: its lane goes on trying.
      const change = await this.#settings.devices.prepare(new Map([...declared, [path, device]]));
      try {
        if (!skipTest) await this.#test(change);
        await this.#store({
          ...this.#stored,
          devices: new Map([...this.#stored.devices, [path, { type, description, local, options }]]),
        });
      } catch (error) {
        await this.#settings.devices.abandon(change);
        throw error;
      }
      await this.#settings.devices.commit(change, 0);
    });
  }

  async #test(change: DeviceChange): Promise<void> {
    const { formatter, clock } = this.#settings.ingest;
    for (const lane of change.lanes) {
      // Opening it has failed already; waiting out its write timeout would only tell the same later.
      const failure = lane.state === 'failing' ? lane.status().lastFailure : null;
      this.#testing = lane;
      const why = failure?.message ?? (await writeTestRecord(lane, formatter, clock));
      this.#testing = null;
      if (why !== null) throw new AdminRefused(`audit device failed the test record: ${why}`);
    }
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
      if (!headerName.test(key)) throw new AdminRefused(`invalid header name "${name}"`);
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
        [mount, { ...this.mountKeys(mount), ...keys }] as const,
      ]);
      await this.#store({ ...this.#stored, mounts });
    });
  }

  /** Refuses further changes and waits for the one under way; a test record is not waited for. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#testing?.close('stopping');
    await this.#changes.onIdle();
  }

  async #change(work: () => Promise<void>): Promise<void> {
    try {
      await this.#changes.add(async () => {
        if (this.#stopping) throw new AdminRefused('the daemon is stopping', 503);
        await work();
      });
    } catch (error) {
      if (
        error instanceof OptionsRefused ||
        error instanceof DevicesRefused ||
        error instanceof PolicyRefused
      ) {
        throw new AdminRefused(error.message);
      }
      if (error instanceof StateRefused || error instanceof SaltRefused)
        throw new AdminRefused(error.message, 500);
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

function without<T>(map: ReadonlyMap<string, T>, key: string): Map<string, T> {
  return new Map([...map].filter(([each]) => each !== key));
}
