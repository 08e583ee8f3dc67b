import { DeviceFailure, type DeviceSettings } from '../device.ts';
import type { OpenFile } from './open-file.ts';
import { newline } from './torn-tail.ts';

/**
 * Lines of deleted files that are to be written before any other, and how many never can be. They are kept in memory,
 * because on a full disk there is room for them only once the deleted file is closed.
 */
export class OwedLines {
  readonly #path: string;
  readonly #settings: DeviceSettings;
  #bytes: Buffer = Buffer.alloc(0);
  /** Lines that are nowhere any more. */
  #lost = 0;

  /** `path`: of the audit file, for messages. */
  constructor(path: string, settings: DeviceSettings) {
    this.#path = path;
    this.#settings = settings;
  }

  get none(): boolean {
    return this.#bytes.length === 0;
  }

  get #count(): number {
    let count = 0;
    for (let at = this.#bytes.indexOf(newline); at !== -1; at = this.#bytes.indexOf(newline, at + 1)) count++;
    return count;
  }

  /** Keeps what was written to a deleted file since it was last seen. Rejects with the operating system's error. */
  async rescue(file: OpenFile): Promise<void> {
    if (file.readable) {
      const lines = await file.unseenLines();
      // Some of what is kept may have been written to it already: it goes before the rest.
      this.#bytes = this.none ? lines : Buffer.concat([lines, this.#bytes]);
    } else if (file.unseenBytes > 0) {
      this.#lost += file.unseenLineCount;
      this.#settings.onLost('recent', this.#loss('its last lines cannot be read back'));
    }
  }

  /** Writes them to `file`; resolves with the error, or `null` when nothing is owed any more. */
  async pay(file: OpenFile, sync: 'none' | 'data'): Promise<unknown> {
    if (this.none) return null;
    const { written, error } = await file.append(this.#bytes);
    const unsynced = sync === 'data' ? await file.sync() : null;
    if (unsynced !== null) return unsynced;
    const before = this.#count;
    const whole = written === 0 ? 0 : this.#bytes.lastIndexOf(newline, written - 1) + 1;
    this.#bytes = Buffer.from(this.#bytes.subarray(whole));
    file.wrote(before - this.#count);
    return error;
  }

  /** The device closes with `file` open, or with none. Tells how many lines are in no file then. */
  async close(file: OpenFile | null): Promise<void> {
    if (file !== null) {
      if (await file.isDeleted().catch(() => false)) this.#lost += file.unseenLineCount;
      await file.close();
    }
    const lines = this.#lost + this.#count;
    if (lines === 0) return;
    const loss = this.#loss(`${lines} of its lines ${lines === 1 ? 'is' : 'are'} in no file`);
    this.#settings.onTrouble(loss);
    this.#settings.onLost({ lines }, loss);
  }

  #loss(what: string): DeviceFailure {
    return new DeviceFailure('not_found', `Audit file "${this.#path}" was deleted: ${what}`);
  }
}
