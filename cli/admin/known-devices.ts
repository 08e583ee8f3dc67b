import { normaliseDevicePath } from '../../config/device-path.ts';
import type { DeviceListing } from '../../daemon/admin/admin-control.ts';
import type { HttpPeer } from '../http-call.ts';
import { isObject, isText } from '../json-shapes.ts';
import { CommandFailed, UsageRefused } from '../refusals.ts';
import { callAdmin, foreignAnswer } from './admin-call.ts';
import { instead } from './instead.ts';

/** A device as `/v1/sys/audit` shows it; who declared it is said by `/readyz`. */
export type KnownDevice = Omit<DeviceListing, 'declared'>;

/** In the order of their paths. Throws `CommandFailed`. */
export async function fetchDevices(peer: HttpPeer): Promise<readonly KnownDevice[]> {
  const { data } = await callAdmin(peer, { method: 'GET', path: '/v1/sys/audit' });
  const found = isObject(data) ? Object.values(data) : [undefined];
  if (!found.every(isKnownDevice)) return foreignAnswer(peer);
  return found.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/**
 * The one of `devices` that somebody named. Throws `UsageRefused` for what cannot be a path, and `CommandFailed` with
 * what was probably meant for one that is not there.
 */
export function namedDevice(devices: readonly KnownDevice[], name: string): KnownDevice {
  const path = normaliseDevicePath(name);
  if (path === null) throw new UsageRefused(`Cannot use device path "${name}": wanted one such as file/`);
  const device = devices.find((each) => each.path === path);
  if (device !== undefined) return device;
  throw new CommandFailed(
    `Cannot find device "${path}": ${instead(
      path,
      devices.map((each) => each.path),
    )}`,
  );
}

function isKnownDevice(value: unknown): value is KnownDevice {
  if (!isObject(value) || !isObject(value['options'])) return false;
  return (
    [value['path'], value['type'], value['description'], ...Object.values(value['options'])].every(isText) &&
    typeof value['local'] === 'boolean'
  );
}
