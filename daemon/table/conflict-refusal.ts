import type { Log } from '../log/log.ts';
import { type Conflict, conflictsAmong } from './claim-conflict.ts';
import type { Claimant } from './claimant.ts';
import { claimantsOf, type DeclaredTable } from './declared-devices.ts';
import type { DeviceChange } from './device-change.ts';
import { DevicesRefused } from './devices-refused.ts';

/**
 * Looks at what a change claims as things are now, and throws `DevicesRefused` when it cannot have it. `ending` resolves
 * when devices that were removed have written what waited, or it was waited long enough.
 */
export async function refuseConflicts(
  { scope, hold }: DeviceChange,
  ending: () => Promise<void>,
  log: Log,
): Promise<void> {
  let conflicts = await hold.conflicts();
  if (scope.kind === 'one') {
    if (conflicts.some(({ other }) => other.kind === 'device' && other.standing === 'ending')) {
      await ending();
      conflicts = await hold.conflicts();
    }
    if (conflicts[0] !== undefined) throw new DevicesRefused(enableRefusal(conflicts[0]));
    return;
  }
  const refused = conflicts.filter((each) => !isFromOutside(each));
  if (refused.length > 0) throw new DevicesRefused(refused.map(tableRefusal).join('; '));
  for (const conflict of conflicts) log.error('devices collide', { error: tableRefusal(conflict) });
}

/** What a table would be refused for, without a change under way, and the device that each is about. */
export async function tableRefusals(
  table: DeclaredTable,
): Promise<readonly { readonly device: string; readonly message: string }[]> {
  const conflicts = await conflictsAmong([...table.own, ...claimantsOf(table.devices)]);
  return conflicts
    .filter((each) => !isFromOutside(each))
    .map((each) => ({ device: each.device.path, message: tableRefusal(each) }));
}

/**
 * Between two devices of the API: neither would have been enabled beside the other, so somebody has changed where a
 * path leads. A start must not be refused for it, because it is the API that can disable one of them.
 */
function isFromOutside({ device, other }: Conflict): boolean {
  return device.standing === 'enabled' && other.kind === 'device' && other.standing === 'enabled';
}

/** Why a start or reload is refused, and what to do about it. */
function tableRefusal({ device, other, text }: Conflict): string {
  const underWay = [device, other].some((each) => isUnderWay(each));
  const wayOut = underWay ? '; reload again when that call has been answered' : '';
  if (device.standing !== 'declared') {
    const how = underWay ? 'is being' : 'was';
    const otherwise = underWay ? wayOut : '; change the configuration, then disable it';
    return `Cannot use device "${device.path}", which ${how} enabled through the API: ${text}${otherwise}`;
  }
  return `Cannot declare device "${device.path}" in the configuration file: ${text}${standingOf(other)}${wayOut}`;
}

/** Why a device is not enabled through the API; in OpenBao's words where it has some. */
function enableRefusal({ device, other, option, text }: Conflict): string {
  if (option === null) return pathTaken;
  const leaving = other.kind === 'device' && other.standing === 'ending';
  return `Cannot enable device "${device.path}": ${text}${leaving ? ', which still writes what waited when it was removed' : ''}`;
}

export const pathTaken = 'path already in use';

function isUnderWay(claimant: Claimant): boolean {
  return claimant.kind === 'device' && ['enabling', 'removing'].includes(claimant.standing);
}

function standingOf(other: Claimant): string {
  if (other.kind === 'daemon') return '';
  switch (other.standing) {
    case 'enabled':
      return ', which was enabled through the API; disable that one first';
    case 'enabling':
      return ', which is being enabled through the API at this moment';
    case 'removing':
      return ', which is being disabled at this moment';
    default:
      return '';
  }
}
