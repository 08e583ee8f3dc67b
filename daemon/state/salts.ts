import { createHash } from 'node:crypto';
import path from 'node:path';
import PQueue from 'p-queue';
import { readSmallFileSync, SmallFileRefused } from '../../config/small-file.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { readSaltFile } from './salt-file.ts';
import { SaltRefused } from './salt-refused.ts';
import type { StateDirectory, StateFiles } from './state-directory.ts';
import { damagedSalt, newSalt, readStoredSalt, storedSaltContent } from './stored-salt.ts';
import { noteUnused, readUnused } from './unused-salts.ts';

export { SaltRefused } from './salt-refused.ts';

const folder = 'salts';
// A file name holds 255 bytes on every common file system.
const maxNameBytes = 200;
/** A stored salt holds the path of its device, which a configuration file bounds. Its folder is closed to others. */
const storedRules = { maxBytes: 1024 * 1024, secret: false };

/** A salt, and whether it was made this time. */
export interface ObtainedSalt {
  /** Its text. Whoever asked for it wipes it. */
  readonly bytes: Buffer;
  readonly made: boolean;
}

/** The stored salts. What is asked of them is done one after another, so that none is destroyed that was made since. */
export class Salts {
  readonly #state: StateDirectory;
  readonly #turns = new PQueue({ concurrency: 1 });

  constructor(state: StateDirectory) {
    this.#state = state;
  }

  /**
   * The salt of a device: the text in `saltFile`, or else the one in the state directory, which is made when there is
   * none: a random UUID in text form, as OpenBao makes them. A damaged one is refused and never replaced, because with
   * a new salt the hashes before and after no longer compare. `warn` hears of a salt file that other users can read.
   */
  async obtain(
    devicePath: string,
    saltFile: string | null,
    warn: (message: string) => void,
  ): Promise<ObtainedSalt> {
    if (saltFile !== null) return { bytes: await readSaltFile(saltFile, warn), made: false };
    return this.#turns.add(() => this.#readOrMake(devicePath));
  }

  async #readOrMake(devicePath: string): Promise<ObtainedSalt> {
    const name = saltName(devicePath);
    for (;;) {
      const stored = await this.#state.read(name);
      if (stored !== null) {
        return { bytes: storedSalt(stored, path.join(this.#state.path, name), devicePath), made: false };
      }
      const bytes = newSalt();
      const content = storedSaltContent(devicePath, bytes);
      try {
        if (await this.#state.createAtomically(name, content)) return { bytes, made: true };
      } finally {
        content.fill(0);
      }
      bytes.fill(0);
    }
  }

  /** Makes the stored salt of a device unreadable for good; `false` when there is none. */
  async destroy(devicePath: string): Promise<boolean> {
    return this.#turns.add(() => this.#state.destroy(saltName(devicePath)));
  }

  /** What is stored, by the path of its device; `isInUse` says whether that device is there. */
  async list(
    isInUse: (devicePath: string) => boolean,
    unreadable: (message: string) => void,
  ): Promise<ListedSalt[]> {
    return this.#turns.add(() => listSalts(this.#state, isInUse, unreadable));
  }

  /**
   * Writes down which stored salts have no device, and from when on: they are kept, because only somebody who asks for it
   * destroys one. Resolves with those that were not known to have none. One that does not say whose it is, is left,
   * and `unreadable` hears of it: it keeps no device from working.
   */
  async noteUnused(
    isInUse: (devicePath: string) => boolean,
    unreadable: (message: string) => void,
    now: Date,
  ): Promise<string[]> {
    return this.#turns.add(async () => {
      const stored = await storedSalts(this.#state, unreadable);
      return noteUnused(
        this.#state,
        stored.filter((devicePath) => !isInUse(devicePath)),
        now,
      );
    });
  }
}

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

/**
 * The stored salt of a device, without the lock, so also beside a running daemon; `null` when there is none. Whoever asks
 * wipes it.
 */
export function readSalt(stateDir: string, devicePath: string): Buffer | null {
  const file = path.join(stateDir, saltName(devicePath));
  let bytes: Buffer;
  try {
    ({ bytes } = readSmallFileSync(file, storedRules));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    if (error instanceof SmallFileRefused) throw damagedSalt(file, error.message);
    throw new SaltRefused(`Cannot read salt "${file}": ${systemErrorText(error)}`);
  }
  return storedSalt(bytes, file, devicePath);
}

/** Paths of the devices that have a stored salt. `unreadable` hears of each file that does not say whose it is. */
export async function storedSalts(
  state: StateFiles,
  unreadable: (message: string) => void,
): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await state.list(folder)) {
    const bytes = await state.read(`${folder}/${name}`);
    if (bytes === null) continue;
    const file = path.join(state.path, folder, name);
    try {
      const { device, salt } = readStoredSalt(bytes, file);
      salt.fill(0);
      if (saltName(device) !== `${folder}/${name}`)
        throw damagedSalt(file, 'it is the salt of another device');
      paths.push(device);
    } catch (error) {
      if (!(error instanceof SaltRefused)) throw error;
      unreadable(error.message);
    }
  }
  return paths;
}

/**
 * A file name for any device path, different for different paths also where file names ignore case: bytes other
 * than `a-z 0-9 _ -` become `%` and two digits, and a long name becomes its SHA-256 behind a `=`.
 */
function saltName(devicePath: string): string {
  let name = '';
  for (const byte of Buffer.from(devicePath)) {
    const character = String.fromCharCode(byte);
    name += /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }
  if (name.length > maxNameBytes) name = `=${createHash('sha256').update(devicePath).digest('hex')}`;
  return `${folder}/${name}`;
}

function storedSalt(content: Buffer, file: string, devicePath: string): Buffer {
  const { device, salt } = readStoredSalt(content, file);
  if (device === devicePath) return salt;
  salt.fill(0);
  throw damagedSalt(file, 'it is the salt of another device');
}
