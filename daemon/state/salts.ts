import path from 'node:path';
import PQueue from 'p-queue';
import { readSmallFileSync, SmallFileRefused } from '../../config/small-file.ts';
import { ownBytes } from '../../format/own-bytes.ts';
import { Refused } from '../refused.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { HeldSalts } from './held-salts.ts';
import { type ListedSalt, listSalts, storedSalts } from './listed-salts.ts';
import { readSaltFile } from './salt-file.ts';
import { saltName } from './salt-name.ts';
import { SaltRefused } from './salt-refused.ts';
import type { StateDirectory, StateFiles } from './state-directory.ts';
import { damagedSalt, newSalt, readStoredSalt, storedSaltContent } from './stored-salt.ts';
import { noteUnused } from './unused-salts.ts';

export { type ListedSalt, listSalts, storedSalts } from './listed-salts.ts';
export { SaltRefused } from './salt-refused.ts';

/** A stored salt holds the path of its device, which a configuration file bounds. Its folder is closed to others. */
const storedRules = { maxBytes: 1024 * 1024, secret: false };

/** A salt, and whether it was made this time. */
export interface ObtainedSalt {
  /** Its text. Whoever asked for it wipes it. */
  readonly bytes: Buffer;
  readonly made: boolean;
  /** Its file was gone, or held another one, and was written again. */
  readonly putBack: boolean;
}

/** The stored salts. What is asked of them is done one after another, so that none is destroyed that was made since. */
export class Salts {
  readonly #state: StateDirectory;
  readonly #turns = new PQueue({ concurrency: 1 });
  readonly #held = new HeldSalts();

  constructor(state: StateDirectory) {
    this.#state = state;
    state.beforeRelease(() => this.#letGoOfAll());
  }

  async #letGoOfAll(): Promise<void> {
    await this.#turns.add(async () => {
      for (const device of this.#held.devices) await this.#held.letGo(device);
    });
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
    if (saltFile !== null) return { bytes: await readSaltFile(saltFile, warn), made: false, putBack: false };
    return this.#turns.add(() => this.#readOrMake(devicePath));
  }

  async #readOrMake(devicePath: string): Promise<ObtainedSalt> {
    const name = saltName(devicePath);
    const putBack = await this.#putBack(devicePath, 'whatever is there');
    for (;;) {
      const bytes = await readStored(this.#state, devicePath);
      if (bytes !== null) {
        if (!this.#held.isHeld(devicePath)) await this.#hold(devicePath);
        return { bytes, made: false, putBack };
      }
      const fresh = newSalt();
      const content = storedSaltContent(devicePath, fresh);
      try {
        if (await this.#state.createAtomically(name, content)) {
          await this.#hold(devicePath);
          return { bytes: fresh, made: true, putBack };
        }
      } finally {
        content.fill(0);
      }
      fresh.fill(0);
    }
  }

  /**
   * Writes the salt that this process uses for a device back when its file is gone, or another one is in its place: with
   * another salt, one value would have two hashes in one log. `false` when all is as it was.
   */
  async #putBack(devicePath: string, over: 'nothing' | 'whatever is there'): Promise<boolean> {
    const name = saltName(devicePath);
    const held = await this.#held.content(devicePath);
    if (held === null) return false;
    const stored = await this.#state.read(name);
    try {
      if (stored?.equals(held) || (stored !== null && over === 'nothing')) return false;
      const fault = this.#fault(held, devicePath);
      if (fault !== null) {
        if (stored === null) throw fault;
        // It was overwritten, and what is there now may be a backup.
        await this.#held.letGo(devicePath);
        return false;
      }
      await this.#state.writeAtomically(name, held);
      await this.#hold(devicePath);
      return true;
    } finally {
      held.fill(0);
      stored?.fill(0);
    }
  }

  /** Why the content is not the salt of the device; `null` when it is. */
  #fault(content: Buffer, devicePath: string): SaltRefused | null {
    try {
      // Reading it wipes what is read.
      storedSalt(copyOf(content), this.#file(saltName(devicePath)), devicePath).fill(0);
      return null;
    } catch (error) {
      if (error instanceof SaltRefused) return error;
      throw error;
    }
  }

  /** Writes back what is gone of the salts in use; resolves with their devices, each with what kept it from being written. */
  async putBackMissing(): Promise<Map<string, string | null>> {
    return this.#turns.add(async () => {
      const missing = new Map<string, string | null>();
      for (const device of this.#held.devices) {
        try {
          if (await this.#putBack(device, 'nothing')) missing.set(device, null);
        } catch (error) {
          missing.set(device, error instanceof Refused ? error.message : systemErrorText(error));
        }
      }
      return missing;
    });
  }

  async #hold(devicePath: string): Promise<void> {
    const file = this.#file(saltName(devicePath));
    try {
      await this.#held.hold(devicePath, file);
    } catch (error) {
      // Gone already; the next look makes or finds one.
      if (systemErrorCode(error) === 'ENOENT') return;
      throw new SaltRefused(`Cannot open salt "${file}": ${systemErrorText(error)}`);
    }
  }

  #file(name: string): string {
    return path.join(this.#state.path, name);
  }

  /** Makes the stored salt of a device unreadable for good; `false` when there is none. */
  async destroy(devicePath: string): Promise<boolean> {
    return this.#turns.add(async () => {
      const found = await this.#state.destroy(saltName(devicePath));
      await this.#held.wipe(devicePath);
      return found;
    });
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
      for (const device of this.#held.devices) if (!isInUse(device)) await this.#held.letGo(device);
      const stored = await storedSalts(this.#state, unreadable);
      return noteUnused(
        this.#state,
        stored.filter((devicePath) => !isInUse(devicePath)),
        now,
      );
    });
  }
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

/** The same as the daemon reads it. Rejects with `SaltRefused` or `StateRefused`. */
export async function readStored(state: StateFiles, devicePath: string): Promise<Buffer | null> {
  const name = saltName(devicePath);
  const content = await state.read(name);
  return content === null ? null : storedSalt(content, path.join(state.path, name), devicePath);
}

function storedSalt(content: Buffer, file: string, devicePath: string): Buffer {
  const { device, salt } = readStoredSalt(content, file);
  if (device === devicePath) return salt;
  salt.fill(0);
  throw damagedSalt(file, 'it is the salt of another device');
}

function copyOf(content: Buffer): Buffer {
  const copy = ownBytes(content.length);
  copy.set(content);
  return copy;
}
