import { close, fstat } from 'node:fs';
import { promisify } from 'node:util';
import { type Appended, append, syncData } from './append.ts';
import { type FileIdentity, SharedFile } from './shared-file.ts';
import type { LineShape } from './torn-line.ts';
import { bytesAt, endLine, endOfLastLine, mendTail, newline } from './torn-tail.ts';

const closeFile = promisify(close);
const statOf = promisify(fstat);

/**
 * A file that is open for appending. Its size is kept here and nowhere else: counted as it is written, and corrected
 * whenever the operating system is asked.
 */
export class OpenFile {
  readonly identity: FileIdentity;
  /** `false` when permissions let us append and nothing else. */
  readonly readable: boolean;
  readonly #fd: number;
  readonly #shape: LineShape;
  readonly #shared: SharedFile;
  #size: number;
  /** The size when a name was last seen to lead here: what lies beyond is at risk when the file is deleted. */
  #seenSize: number;
  /** Whole lines that were reported recorded since then. */
  #unseenLines = 0;

  /** `shape`: what the lines of its device look like. */
  constructor(
    fd: number,
    found: { readonly dev: bigint; readonly ino: bigint; readonly size: bigint },
    readable: boolean,
    shape: LineShape,
  ) {
    this.identity = { device: found.dev, inode: found.ino };
    this.readable = readable;
    this.#fd = fd;
    this.#shape = shape;
    this.#shared = SharedFile.hold(this.identity);
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
    this.#unseenLines = 0;
  }

  /** So many of the lines that were appended just now are whole, and reported recorded. */
  wrote(lines: number): void {
    this.#unseenLines += lines;
  }

  /** How many lines a deletion may have taken from its readers. */
  get unseenLineCount(): number {
    return this.#unseenLines;
  }

  /** Appends behind a whole line, and leaves none torn where that can be helped. */
  append(bytes: Buffer): Promise<Appended> {
    return this.#shared.inTurn(async () => {
      if (this.#shared.tail === 'doubtful') {
        try {
          await this.#mendNow('wait');
        } catch (error) {
          return { written: 0, error };
        }
      }
      const appended = await append(this.#fd, bytes);
      this.#size += appended.written;
      if (appended.error !== null) {
        this.#shared.tail = 'doubtful';
        // What cannot be mended now (nothing more finds space, or may be cut) is mended before the next line.
        if (this.readable) await this.#mendNow('cut').catch(() => {});
      }
      return appended;
    });
  }

  /** Waits until what was written is on the disk; resolves with the error, or `null`. */
  sync(): Promise<unknown> {
    return syncData(this.#fd);
  }

  /** Leaves it empty or ending in a newline. Rejects with the operating system's error. */
  mend(): Promise<void> {
    return this.#shared.inTurn(() => this.#mendNow('wait'));
  }

  /** The same for one that was opened just now. Behind a device that still appends to it, the next `append` does it. */
  async mendUnlessBusy(): Promise<void> {
    if (this.#shared.isBusy) this.#shared.tail = 'doubtful';
    else await this.mend();
  }

  async #mendNow(whenFull: 'cut' | 'wait'): Promise<void> {
    this.#shared.tail = 'doubtful';
    await this.#look();
    if (this.readable) await mendTail(this.#fd, this.#shape, whenFull);
    else if (this.#size > 0) await endLine(this.#fd);
    const { size } = await statOf(this.#fd);
    this.#size = size;
    // What was cut off just now was no line, whether or not it has been seen.
    this.#seenSize = Math.min(this.#seenSize, size);
    this.#shared.tail = 'whole';
  }

  /** Whether no name leads to it any more. */
  async isDeleted(): Promise<boolean> {
    return (await this.#look()) === 0;
  }

  /** How many bytes a deletion may have taken from its readers. */
  get unseenBytes(): number {
    return this.#size - this.#seenSize;
  }

  /** The whole lines that have been written since it was last seen. Rejects with the operating system's error. */
  async unseenLines(): Promise<Buffer> {
    if (this.#size <= this.#seenSize) return Buffer.alloc(0);
    // Where another device was in the midst of a line when it was seen, from the beginning of that.
    const start = await endOfLastLine(this.#fd, this.#seenSize);
    const bytes = await bytesAt(this.#fd, start, this.#size - start);
    return bytes.subarray(0, bytes.lastIndexOf(newline) + 1);
  }

  async close(): Promise<void> {
    this.#shared.release();
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
