import { close, fstat, read } from 'node:fs';
import { promisify } from 'node:util';
import { type Appended, append, syncData } from './append.ts';
import { endLine, mendTail } from './torn-tail.ts';

const closeFile = promisify(close);
const readAt = promisify(read);
const statOf = promisify(fstat);

const copyBytes = 1024 * 1024;

/** Which file it is, whatever its name. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/**
 * A file that is open for appending. Its size is kept here and nowhere else: counted as it is written, and corrected
 * whenever the operating system is asked.
 */
export class OpenFile {
  readonly identity: FileIdentity;
  /** `false` when permissions let us append and nothing else. */
  readonly readable: boolean;
  readonly #fd: number;
  readonly #lineOpening: Buffer;
  #size: number;
  /** The size when a name was last seen to lead here: what lies beyond is at risk when the file is deleted. */
  #seenSize: number;

  /** `lineOpening`: what every line of its device begins with. */
  constructor(
    fd: number,
    found: { readonly dev: bigint; readonly ino: bigint; readonly size: bigint },
    readable: boolean,
    lineOpening: Buffer,
  ) {
    this.identity = { device: found.dev, inode: found.ino };
    this.readable = readable;
    this.#fd = fd;
    this.#lineOpening = lineOpening;
    this.#size = Number(found.size);
    this.#seenSize = this.#size;
  }

  /** Bytes in the file, as far as this process knows. */
  get size(): number {
    return this.#size;
  }

  /** Its path was seen to lead here when it had `size` bytes. */
  seen(size: number): void {
    this.#size = size;
    this.#seenSize = size;
  }

  async append(bytes: Buffer): Promise<Appended> {
    const appended = await append(this.#fd, bytes);
    this.#size += appended.written;
    return appended;
  }

  /** Waits until what was written is on the disk; resolves with the error, or `null`. */
  sync(): Promise<unknown> {
    return syncData(this.#fd);
  }

  /** Leaves it empty or ending in a newline. Rejects with the operating system's error. */
  async mend(): Promise<void> {
    await this.#look();
    if (this.readable) await mendTail(this.#fd, this.#lineOpening);
    else if (this.#size > 0) await endLine(this.#fd);
    const { size } = await statOf(this.#fd);
    this.#size = size;
    // What was cut off just now was no line, whether or not it has been seen.
    this.#seenSize = Math.min(this.#seenSize, size);
  }

  /** Whether no name leads to it any more. */
  async isDeleted(): Promise<boolean> {
    return (await this.#look()) === 0;
  }

  /** Whether it has bytes that a deletion may have taken from its readers. */
  hasUnseen(): boolean {
    return this.#size > this.#seenSize;
  }

  /** Appends what has been written since it was last seen to `heir`. Rejects with the operating system's error. */
  async saveUnseen(heir: OpenFile): Promise<void> {
    const block = Buffer.allocUnsafe(Math.min(copyBytes, this.#size - this.#seenSize));
    for (let at = this.#seenSize; at < this.#size; ) {
      const { bytesRead } = await readAt(this.#fd, block, 0, block.length, at);
      if (bytesRead === 0) return;
      const { error } = await heir.append(block.subarray(0, bytesRead));
      if (error !== null) throw error;
      at += bytesRead;
    }
  }

  async close(): Promise<void> {
    // An error here (EIO on a network file system) concerns lines whose write was answered long ago.
    await closeFile(this.#fd).catch(() => {});
  }

  /** Asks the operating system for the size and the number of names. */
  async #look(): Promise<number> {
    const { size, nlink } = await statOf(this.#fd);
    // Truncated in place since it was seen: all that is in it has come after that.
    if (size < this.#seenSize) this.#seenSize = 0;
    this.#size = size;
    return nlink;
  }
}
