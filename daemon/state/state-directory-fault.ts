import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { folderFault } from '../../devices/file/folder-fault.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { refuseUnsafe } from './state-directory.ts';
import { StateRefused } from './state-refused.ts';

/**
 * What `openStateDirectory` would reject with, as far as that can be told without making or locking anything. A directory
 * that is another user's is none of root's faults: the daemon most likely runs as that one.
 */
export async function stateDirectoryFault(folder: string): Promise<string | null> {
  const root = path.resolve(folder);
  try {
    const { uid, mode } = await stat(`${root}/.`);
    refuseUnsafe(root, { uid: process.geteuid?.() === 0 ? 0 : uid, mode });
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    if (error instanceof StateRefused) return error.message;
    const fault = systemErrorCode(error) === 'ENOENT' ? await folderFault(root) : error;
    return fault === null ? null : `Cannot use state directory "${root}": ${systemErrorText(fault)}`;
  }
}
