import type { Config, DeviceConfig } from '../../config/config.ts';
import { pathsCollide } from '../../config/device-path.ts';
import { OptionsRefused, type ParsedDevice } from '../../devices/device-kind.ts';
import { parseDevice } from '../../devices/registry.ts';
import type { StoredDevice, StoredTable } from '../state/stored-table.ts';
import type { Claimant, Standing } from './claimant.ts';
import type { Configuration } from './configuration.ts';
import { DevicesRefused } from './devices-refused.ts';

/** A device that is to be there, with its options parsed, and who asked for it. */
export interface DeclaredDevice {
  readonly declared: 'config' | 'api';
  readonly config: DeviceConfig;
  readonly parsed: ParsedDevice;
}

/** All devices that are to be there, by path, and what the daemon itself uses beside them. */
export interface DeclaredTable {
  readonly devices: ReadonlyMap<string, DeclaredDevice>;
  readonly own: readonly Claimant[];
}

/**
 * The devices of the configuration file and those enabled through the API, in one table. Throws `DevicesRefused`
 * when the file now names a path that the API has used, or forbids a device it once allowed.
 */
export function declaredDevices({ config, devices, own }: Configuration, stored: StoredTable): DeclaredTable {
  const table = new Map<string, DeclaredDevice>();
  for (const [path, device] of config.devices) {
    table.set(path, { declared: 'config', config: device, parsed: devices.get(path)! });
  }
  for (const [path, device] of stored.devices) {
    const other = [...config.devices.keys()].find((declared) => pathsCollide(declared, path));
    if (other !== undefined) {
      throw new DevicesRefused(
        `Cannot declare device "${other}" in the configuration file: "${path}" was enabled through the API; disable that one first`,
      );
    }
    try {
      table.set(path, apiDevice(path, device, config));
    } catch (error) {
      if (!(error instanceof OptionsRefused)) throw error;
      throw new DevicesRefused(
        `Cannot use device "${path}", which was enabled through the API: ${error.message}; allow it in the configuration, then disable it`,
      );
    }
  }
  return { devices: table, own };
}

/** A device as a remote caller may have it. Throws `OptionsRefused`. */
export function apiDevice(path: string, device: StoredDevice, config: Config): DeclaredDevice {
  const parsed = parseDevice(device.type, device.options, config.admin);
  return { declared: 'api', config: { path, saltFile: null, credentialOptions: {}, ...device }, parsed };
}

/** What a device claims. */
export function claimantOf({ config, parsed }: DeclaredDevice, standing: Standing): Claimant {
  return { kind: 'device', path: config.path, standing, claims: parsed.claims };
}

/** What devices that are there claim. */
export function claimantsOf(devices: ReadonlyMap<string, DeclaredDevice>): Claimant[] {
  return [...devices.values()].map((device) =>
    claimantOf(device, device.declared === 'config' ? 'declared' : 'enabled'),
  );
}
