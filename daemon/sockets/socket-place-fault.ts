import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { folderFault } from '../../devices/file/folder-fault.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { groupNumber, notASocket, notGiven, unknownGroup } from './socket-file.ts';

/**
 * What `claimSocketPath` and `listen` would reject with, as far as that can be told without making anything. Whether somebody
 * listens there is not asked: that may be the daemon whose configuration is looked over.
 */
export async function socketPlaceFault(socketPath: string, group: string | null): Promise<string | null> {
  const what = groupFault(group) ?? (await pathFault(path.resolve(socketPath)));
  return what === null ? null : `Cannot listen on "${socketPath}": ${what}`;
}

function groupFault(name: string | null): string | null {
  const number = name === null ? null : groupNumber(name);
  if (number === undefined) return unknownGroup(name);
  if (number === null || process.geteuid!() === 0) return null;
  const isMember = process.getegid!() === number || process.getgroups!().includes(number);
  return isMember ? null : notGiven(number, { code: 'EPERM' });
}

async function pathFault(absolute: string): Promise<string | null> {
  try {
    if (!(await lstat(absolute)).isSocket()) return notASocket;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') return systemErrorText(error);
  }
  const fault = await folderFault(path.dirname(absolute));
  return fault === null ? null : systemErrorText(fault);
}
