import { close, constants, fstat, fsync, open, read, write } from 'node:fs';
import { promisify } from 'node:util';
import { ownBytes } from '../../format/own-bytes.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const statOf = promisify(fstat);
const readAt = promisify(read);
const writeAt = promisify(write);
const sync = promisify(fsync);

/** A stored salt is far shorter; it holds the path of its device. */
const mostBytes = 1024 * 1024;

/**
 * The files of salts that this process uses, held open: what a file holds can be read for as long as it is open, even when
 * every name of it is gone, and so no salt has to stay in memory for that.
 */
export class HeldSalts {
  readonly #descriptors = new Map<string, number>();

  get devices(): readonly string[] {
    return [...this.#descriptors.keys()];
  }

  /** Holds `file` for a device, in place of what was held for it. */
  async hold(device: string, file: string): Promise<void> {
    await this.letGo(device);
    const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    this.#descriptors.set(device, await openFile(file, flags));
  }

  isHeld(device: string): boolean {
    return this.#descriptors.has(device);
  }

  /** What the held file holds; `null` when none is held or it cannot be read. Whoever asks wipes it. */
  async content(device: string): Promise<Buffer | null> {
    const descriptor = this.#descriptors.get(device);
    if (descriptor === undefined) return null;
    try {
      const { size } = await statOf(descriptor);
      const content = ownBytes(Math.min(size, mostBytes));
      const { bytesRead } = await readAt(descriptor, content, 0, content.length, 0);
      return content.subarray(0, bytesRead);
    } catch {
      return null;
    }
  }

  /** Overwrites the held file, which may have no name any more, and lets go of it. */
  async wipe(device: string): Promise<void> {
    const descriptor = this.#descriptors.get(device);
    if (descriptor === undefined) return;
    try {
      const { size } = await statOf(descriptor);
      const zeros = Buffer.alloc(Math.min(size, mostBytes));
      await writeAt(descriptor, zeros, 0, zeros.length, 0);
      await sync(descriptor);
    } catch {
      // It goes with its last name then.
    }
    await this.letGo(device);
  }

  async letGo(device: string): Promise<void> {
    const descriptor = this.#descriptors.get(device);
    this.#descriptors.delete(device);
    if (descriptor !== undefined) await closeFile(descriptor).catch(() => {});
  }
}
