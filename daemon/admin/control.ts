import { shownDeviceOptions } from '../../devices/registry.ts';
import type { MountKeys } from '../../format/line-options.ts';
import type { IngestSettings } from '../ingest/ingest-settings.ts';
import type { ListedSalt } from '../state/salts.ts';
import type { TableStore } from '../state/table-store.ts';
import type { Configuration } from '../table/configuration.ts';
import type { DeviceTable } from '../table/device-table.ts';
import { type AdminControl, AdminRefused, type DeviceListing, type DeviceRequest } from './admin-control.ts';
import { ChangeTurns, refusingCaller } from './change-turns.ts';
import { DeviceChanges } from './device-changes.ts';
import { PolicyChanges } from './policy-changes.ts';

export interface ControlSettings {
  readonly store: TableStore;
  readonly devices: DeviceTable;
  readonly ingest: Pick<IngestSettings, 'broker' | 'clock'>;
  /** The configuration in force. */
  readonly configuration: () => Configuration;
}

/** What callers of the API look at and change. Each change is stored before it takes effect. */
export class Control implements AdminControl {
  readonly #settings: ControlSettings;
  readonly #turns = new ChangeTurns();
  readonly #devices: DeviceChanges;
  readonly #policy: PolicyChanges;

  constructor(settings: ControlSettings) {
    const { store, devices, ingest, configuration } = settings;
    const config = () => configuration().config;
    this.#settings = settings;
    this.#devices = new DeviceChanges({ store, devices, turns: this.#turns, clock: ingest.clock, config });
    this.#policy = new PolicyChanges(store, this.#turns, configuration);
  }

  /** Runs a change that is not the API's, such as a reload, when no other is under way. */
  async alone<T>(change: () => Promise<T>): Promise<T> {
    return this.#turns.alone(change);
  }

  devices(): readonly DeviceListing[] {
    return [...this.#settings.devices.declared].map(([path, { declared, config }]) => ({
      path,
      type: config.type,
      description: config.description,
      local: config.local,
      options: shownDeviceOptions(config.type, { ...config.options, ...config.credentialOptions }),
      declared,
    }));
  }

  enable(path: string, device: DeviceRequest): Promise<void> {
    return refusingCaller(() => this.#devices.enable(path, device));
  }

  disable(path: string): Promise<void> {
    return refusingCaller(() => this.#devices.disable(path));
  }

  hash(path: string, input: Uint8Array): string {
    const lane = this.#settings.ingest.broker.lanes.find((each) => each.path === path);
    if (lane === undefined) throw new AdminRefused(`unknown audit backend "${path}"`);
    return lane.format.hash(input);
  }

  salts(): Promise<readonly ListedSalt[]> {
    return this.#settings.devices.salts.list();
  }

  destroySalt(path: string): Promise<void> {
    return refusingCaller(() => this.#devices.destroySalt(path));
  }

  headers(): ReadonlyMap<string, { readonly hmac: boolean }> {
    return this.#policy.headers();
  }

  setHeader(name: string, hmac: boolean): Promise<void> {
    return refusingCaller(() => this.#policy.setHeader(name, hmac));
  }

  deleteHeader(name: string): Promise<void> {
    return refusingCaller(() => this.#policy.deleteHeader(name));
  }

  mountKeys(mount: string): MountKeys {
    return this.#policy.mountKeys(mount);
  }

  setMountKeys(mount: string, keys: Partial<MountKeys>): Promise<void> {
    return refusingCaller(() => this.#policy.setMountKeys(mount, keys));
  }

  /** Refuses further changes and waits for those under way; a test record is not waited for. */
  async stop(): Promise<void> {
    this.#turns.stop();
    await this.#devices.stop();
    await this.#turns.idle();
  }
}
