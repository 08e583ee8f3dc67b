import type { OpenFile } from './open-file.ts';

/**
 * Lines of a deleted file that are to be written before any other. They are kept in memory, because on a full disk
 * there is room for them only once the deleted file is closed.
 */
export class OwedLines {
  #bytes: Buffer = Buffer.alloc(0);

  get none(): boolean {
    return this.#bytes.length === 0;
  }

  /** Whole lines of a file that some of these may already have been written to: they go before the rest. */
  add(lines: Buffer): void {
    this.#bytes = this.none ? lines : Buffer.concat([lines, this.#bytes]);
  }

  /** Writes them to `file`; resolves with the error, or `null` when nothing is owed any more. */
  async pay(file: OpenFile, sync: 'none' | 'data'): Promise<unknown> {
    if (this.none) return null;
    const { written, error } = await file.append(this.#bytes);
    const unsynced = sync === 'data' ? await file.sync() : null;
    if (unsynced !== null) return unsynced;
    const whole = written === 0 ? 0 : this.#bytes.lastIndexOf('\n', written - 1) + 1;
    this.#bytes = Buffer.from(this.#bytes.subarray(whole));
    return error;
  }
}
