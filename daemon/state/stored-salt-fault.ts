import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Refused } from '../refused.ts';
import { saltName } from './salt-name.ts';
import { readStored } from './salts.ts';
import { orWhenAbsent, type StateFiles } from './state-directory.ts';

/**
 * Why a start could not use the stored salt of a device; `null` where it can, or there is none. One that root finds, and that
 * the user of the state directory could not read, is told, too: the daemon most likely runs as that one.
 */
export async function storedSaltFault(state: StateFiles, devicePath: string): Promise<string | null> {
  try {
    const salt = await readStored(state, devicePath);
    if (salt === null) return null;
    salt.fill(0);
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
  return process.geteuid?.() === 0 ? ownerFault(state, path.join(state.path, saltName(devicePath))) : null;
}

async function ownerFault(state: StateFiles, file: string): Promise<string | null> {
  const found = await orWhenAbsent(null, () => Promise.all([stat(file), stat(`${state.path}/.`)]));
  if (found === null || found[1].uid === 0) return null;
  const [salt, folder] = found;
  const readable =
    salt.uid === folder.uid
      ? (salt.mode & 0o400) !== 0
      : (salt.mode & (salt.gid === folder.gid ? 0o040 : 0o004)) !== 0;
  if (readable) return null;
  return `Cannot read "${file}": user ${folder.uid}, whose state directory it is in, may not; run chown ${folder.uid} and chmod 0600 on it`;
}
