import PQueue from 'p-queue';
import type { Lines } from '../../format/lines.ts';
import { type Device, DeviceFailure, type DeviceSettings, type WriteOutcome } from '../device.ts';
import { abortedFailure, failureOf } from '../failure-reasons.ts';
import { wholeLines } from '../whole-lines.ts';
import { type AuditFileOptions, fileAt, openAuditFile } from './audit-file.ts';
import type { OpenFile } from './open-file.ts';

/** How long a rename or deletion may go unnoticed. */
const checkEveryMs = 1000;

export interface AppendingFileOptions extends AuditFileOptions {
  /** Lines count as recorded only when they are on the disk. */
  readonly sync: 'none' | 'data';
  /** `false`: the first open wants a file that is there, as the reference does for an API device with mode `0000`. */
  readonly makesFile: boolean;
}

/** `doubtful`: the file may end in half a line because a write failed, or has lost its name; `failure` says which. */
type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'ready'; readonly file: OpenFile }
  | { readonly kind: 'doubtful'; readonly file: OpenFile; readonly failure: DeviceFailure };

/** A regular file that lines are appended to. */
export class AppendingFile implements Device {
  readonly tailBytes = 0;
  readonly #options: AppendingFileOptions;
  readonly #settings: DeviceSettings;
  /** Calls and checks, one after the other: no check closes a file under a write. */
  readonly #turns = new PQueue({ concurrency: 1 });
  #state: State = { kind: 'closed' };
  #everOpened = false;
  /** When the path was last looked at, on the monotonic clock. */
  #checkedAt = 0;
  /** Cancels the check that is to come; `null` when none is. */
  #cancelCheck: (() => void) | null = null;

  constructor(options: AppendingFileOptions, settings: DeviceSettings) {
    this.#options = options;
    this.#settings = settings;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#turns.add(async () => {
      if (signal.aborted) throw abortedFailure(`Cannot open audit file "${this.#options.path}"`);
      const state = this.#state;
      if (state.kind === 'ready') return;
      if (state.kind === 'closed') this.#use(await this.#openAnew());
      else await this.#mend(state.file);
    });
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#turns.add(async () => {
      if (signal.aborted) throw abortedFailure(`Cannot reopen audit file "${this.#options.path}"`);
      const fresh = await this.#openAnew();
      if (this.#state.kind === 'closed') this.#use(fresh);
      else await this.#replace(this.#state.file, fresh);
    });
  }

  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    return this.#turns.add(() => this.#append(lines, signal));
  }

  close(): Promise<void> {
    return this.#turns.add(async () => {
      this.#cancelCheck?.();
      await this.#followPath().catch(() => {});
      if (this.#state.kind !== 'closed') await this.#state.file.close();
      this.#state = { kind: 'closed' };
    });
  }

  async #append(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    const action = `Cannot write audit file "${this.#options.path}"`;
    if (signal.aborted) return stopped(abortedFailure(action));
    if (this.#settings.clock.now() - this.#checkedAt >= checkEveryMs) {
      try {
        await this.#followPath();
      } catch (error) {
        return stopped(failureOf(action, error));
      }
    }
    const state = this.#state;
    if (state.kind === 'doubtful') return stopped(state.failure);
    if (state.kind === 'closed') return stopped(new DeviceFailure('io', `${action}: it is not open`));
    const { file } = state;
    const { written, error } = await file.append(lines.bytes);
    const unsynced = this.#options.sync === 'data' ? await file.sync() : null;
    this.#cancelCheck ??= this.#settings.clock.setTimer(checkEveryMs, this.#checkLater);
    if (error === null && unsynced === null) {
      return { settled: lines.ends.length, refused: [], failure: null };
    }
    const failure = failureOf(action, error ?? unsynced);
    this.#state = { kind: 'doubtful', file, failure };
    // What cannot be mended now (the newline finds no space either) is mended by the next open.
    if (file.readable) await file.mend().catch(() => {});
    const settled = unsynced === null ? wholeLines(lines.ends, written) : 0;
    return { settled, refused: [], failure };
  }

  /** After the last line of a burst nothing else would notice that the file was deleted with it. */
  readonly #checkLater = (): void => {
    this.#cancelCheck = null;
    void this.#turns.add(() => this.#followPath()).catch(() => {});
  };

  async #openAnew(): Promise<OpenFile> {
    const makesFile = this.#options.makesFile || this.#everOpened;
    try {
      const file = await openAuditFile(this.#options, makesFile ? 'make' : 'refuse');
      this.#everOpened = true;
      return file;
    } catch (error) {
      const { reason, message } = failureOf('', error);
      // What once worked may work again: a disk mounted read-only after an error, a directory swapped in a rotation.
      const permanent = !this.#everOpened && (reason === 'permission' || reason === 'unsuitable');
      throw new DeviceFailure(reason, message, { permanent });
    }
  }

  /** Goes on with a file that was opened at its path just now. */
  #use(file: OpenFile): void {
    file.seen(file.size);
    this.#state = { kind: 'ready', file };
    this.#checkedAt = this.#settings.clock.now();
  }

  /**
   * Goes over to the file that the path leads to now, if that is another. Rejects if the file was deleted and none can
   * be opened in its place.
   */
  async #followPath(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    const { file } = this.#state;
    const found = await fileAt(this.#options.path);
    this.#checkedAt = this.#settings.clock.now();
    if (found?.device === file.identity.device && found.inode === file.identity.inode) {
      file.seen(found.size);
      return;
    }
    let fresh: OpenFile;
    try {
      fresh = await this.#openAnew();
    } catch (error) {
      // A renamed file is still somebody's to read; one without a name swallows what it gets.
      if (!(await file.isDeleted())) return;
      const failure = failureOf('', error);
      this.#state = { kind: 'doubtful', file, failure };
      throw failure;
    }
    await this.#replace(file, fresh);
  }

  /** Makes a doubtful file, or the one that has taken its place, ready again. */
  async #mend(file: OpenFile): Promise<void> {
    await this.#followPath();
    if (this.#state.kind === 'ready') return;
    try {
      await file.mend();
    } catch (error) {
      throw failureOf(`Cannot mend audit file "${this.#options.path}"`, error);
    }
    this.#state = { kind: 'ready', file };
  }

  /** Lets go of `old`, after saving what was written to it since it was last seen under its name. */
  async #replace(old: OpenFile, fresh: OpenFile): Promise<void> {
    try {
      if (await old.isDeleted()) await this.#save(old, fresh);
      // Under its new name it has readers, who are to find no half line at its end.
      else if (this.#state.kind === 'doubtful') await old.mend().catch(() => {});
    } catch (error) {
      await fresh.close();
      const failure = failureOf(`Cannot write audit file "${this.#options.path}"`, error);
      this.#state = { kind: 'doubtful', file: old, failure };
      throw failure;
    }
    await old.close();
    this.#use(fresh);
  }

  async #save(old: OpenFile, fresh: OpenFile): Promise<void> {
    if (!old.readable) {
      const message = `Audit file "${this.#options.path}" was deleted: its last lines cannot be read back`;
      if (old.hasUnseen()) this.#settings.onLost('recent', new DeviceFailure('not_found', message));
      return;
    }
    await old.mend();
    if (!old.hasUnseen()) return;
    await old.saveUnseen(fresh);
    const unsynced = this.#options.sync === 'data' ? await fresh.sync() : null;
    if (unsynced !== null) throw unsynced;
  }
}

function stopped(failure: DeviceFailure): WriteOutcome {
  return { settled: 0, refused: [], failure };
}
