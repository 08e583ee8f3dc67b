import path from 'node:path';
import { saltFolder, saltName } from './salt-name.ts';
import { SaltRefused } from './salt-refused.ts';
import type { StateFiles } from './state-directory.ts';
import { damagedSalt, readStoredSalt } from './stored-salt.ts';
import { readUnused } from './unused-salts.ts';

/** A stored salt, without its text. */
export interface ListedSalt {
  /** Path of its device. */
  readonly device: string;
  /** Whether that device is there. */
  readonly inUse: boolean;
  /** When it was stored, in ISO form. */
  readonly since: string;
  /** From when on its device was known to be gone, in ISO form; `null` for one in use, and before anybody looked. */
  readonly unusedSince: string | null;
}

/** The stored salts, without the lock, so also beside a running daemon; sorted by device. */
export async function listSalts(
  state: StateFiles,
  isInUse: (devicePath: string) => boolean,
  unreadable: (message: string) => void,
): Promise<ListedSalt[]> {
  const stored = await storedSalts(state, unreadable);
  const unused = await readUnused(state);
  const listed: ListedSalt[] = [];
  for (const device of stored.sort()) {
    const changed = await state.changedAt(saltName(device));
    if (changed === null) continue;
    const inUse = isInUse(device);
    const unusedSince = inUse ? null : (unused.get(device) ?? null);
    listed.push({ device, inUse, since: changed.toISOString(), unusedSince });
  }
  return listed;
}

/** Paths of the devices that have a stored salt. `unreadable` hears of each file that does not say whose it is. */
export async function storedSalts(
  state: StateFiles,
  unreadable: (message: string) => void,
): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await state.list(saltFolder)) {
    const bytes = await state.read(`${saltFolder}/${name}`);
    if (bytes === null) continue;
    const file = path.join(state.path, saltFolder, name);
    try {
      const { device, salt } = readStoredSalt(bytes, file);
      salt.fill(0);
      if (saltName(device) !== `${saltFolder}/${name}`)
        throw damagedSalt(file, 'it is the salt of another device');
      paths.push(device);
    } catch (error) {
      if (!(error instanceof SaltRefused)) throw error;
      unreadable(error.message);
    }
  }
  return paths;
}
