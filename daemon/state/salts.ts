import { createHash, randomUUID } from 'node:crypto';
import path from 'node:path';
import PQueue from 'p-queue';
import { readSmallFileSync, SmallFileRefused } from '../../config/small-file.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { readSaltFile } from './salt-file.ts';
import { SaltRefused } from './salt-refused.ts';
import type { StateDirectory } from './state-directory.ts';

export { SaltRefused } from './salt-refused.ts';

const folder = 'salts';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// A file name holds 255 bytes on every common file system.
const maxNameBytes = 200;
/** A stored salt holds the path of its device, which a configuration file bounds. Its folder is closed to others. */
const storedRules = { maxBytes: 1024 * 1024, secret: false };

/** A salt, and whether it was made this time. */
export interface ObtainedSalt {
  readonly text: string;
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
    if (saltFile !== null) return { text: await readSaltFile(saltFile, warn), made: false };
    return this.#turns.add(() => this.#readOrMake(devicePath));
  }

  async #readOrMake(devicePath: string): Promise<ObtainedSalt> {
    const name = saltName(devicePath);
    const text = randomUUID();
    const bytes = Buffer.from(`${JSON.stringify({ device: devicePath, salt: text })}\n`);
    for (;;) {
      const stored = await this.#state.read(name);
      if (stored !== null) {
        return { text: storedSalt(stored, path.join(this.#state.path, name), devicePath), made: false };
      }
      if (await this.#state.createAtomically(name, bytes)) return { text, made: true };
    }
  }

  /** Makes the stored salt of a device unreadable for good; does nothing when there is none. */
  async destroy(devicePath: string): Promise<void> {
    await this.#turns.add(() => this.#state.destroy(saltName(devicePath)));
  }

  /**
   * Destroys every stored salt but those of the devices that `isWanted` says; `destroyed` hears whose. One that does not
   * say whose it is, is left, and `unreadable` hears of it: it keeps no device from working.
   */
  async destroyUnwanted(
    isWanted: (devicePath: string) => boolean,
    destroyed: (devicePath: string) => void,
    unreadable: (message: string) => void,
  ): Promise<void> {
    await this.#turns.add(async () => {
      for (const devicePath of await storedSalts(this.#state, unreadable)) {
        // Asked at the last moment: while the others were destroyed, one may have become wanted.
        if (isWanted(devicePath)) continue;
        await this.#state.destroy(saltName(devicePath));
        destroyed(devicePath);
      }
    });
  }
}

/** The stored salt of a device, without the lock, so also beside a running daemon; `null` when there is none. */
export function readSalt(stateDir: string, devicePath: string): string | null {
  const file = path.join(stateDir, saltName(devicePath));
  let bytes: Buffer;
  try {
    ({ bytes } = readSmallFileSync(file, storedRules));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    if (error instanceof SmallFileRefused) throw damaged(file, error.message);
    throw new SaltRefused(`Cannot read salt "${file}": ${systemErrorText(error)}`);
  }
  return storedSalt(bytes, file, devicePath);
}

/** Paths of the devices that have a stored salt. `unreadable` hears of each file that does not say whose it is. */
export async function storedSalts(
  state: StateDirectory,
  unreadable: (message: string) => void,
): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await state.list(folder)) {
    const bytes = await state.read(`${folder}/${name}`);
    if (bytes === null) continue;
    const file = path.join(state.path, folder, name);
    try {
      const { device } = parseStored(bytes, file);
      if (saltName(device) !== `${folder}/${name}`) throw damaged(file, 'it is the salt of another device');
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

function storedSalt(bytes: Buffer, file: string, devicePath: string): string {
  const { device, salt } = parseStored(bytes, file);
  if (device !== devicePath) throw damaged(file, 'it is the salt of another device');
  return salt;
}

function parseStored(bytes: Buffer, file: string): { device: string; salt: string } {
  if (bytes.length === 0) throw damaged(file, 'it is empty');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The parser's message would quote the salt.
    throw damaged(file, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || !('device' in value) || !('salt' in value)) {
    throw damaged(file, 'it has no device and salt');
  }
  const { device, salt } = value;
  if (typeof device !== 'string') throw damaged(file, 'the device is not text');
  if (typeof salt !== 'string' || !uuid.test(salt)) {
    throw damaged(file, 'the salt is not a UUID of 36 characters');
  }
  return { device, salt };
}

function damaged(file: string, what: string): SaltRefused {
  return new SaltRefused(
    `Cannot use salt "${file}": ${what}; restore it from a backup, or remove it to begin with a new salt (hashes from before will then not compare with new ones)`,
  );
}
