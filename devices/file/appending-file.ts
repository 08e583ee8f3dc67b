import PQueue from 'p-queue';
import type { Lines } from '../../format/lines.ts';
import { type Device, DeviceFailure, type DeviceSettings, type WriteOutcome } from '../device.ts';
import { abortedFailure, failureOf } from '../failure-reasons.ts';
import { wholeLines } from '../whole-lines.ts';
import { fileAt } from './audit-file.ts';
import { AuditPath, type AuditPathOptions } from './audit-path.ts';
import type { OpenFile } from './open-file.ts';
import { OwedLines } from './owed-lines.ts';

/** How long a rename or deletion may go unnoticed. */
const checkEveryMs = 1000;

/** How much may be written until the path is looked at again: what a deletion may take has to fit in memory. */
const checkEveryBytes = 16 * 1024 * 1024;

export interface AppendingFileOptions extends AuditPathOptions {
  /** Lines count as recorded only when they are on the disk. */
  readonly sync: 'none' | 'data';
}

/**
 * `doubtful`: the file may end in half a line because a write failed, or has lost its name; `failure` says which.
 * `missing`: it was deleted and let go of, and none could be opened in its place.
 */
type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'ready'; readonly file: OpenFile }
  | { readonly kind: 'doubtful'; readonly file: OpenFile; readonly failure: DeviceFailure }
  | { readonly kind: 'missing'; readonly failure: DeviceFailure };

/** A regular file that lines are appended to. */
export class AppendingFile implements Device {
  readonly tailBytes = 0;
  readonly #options: AppendingFileOptions;
  readonly #settings: DeviceSettings;
  /** Calls and checks, one after the other: no check closes a file under a write. */
  readonly #turns = new PQueue({ concurrency: 1 });
  #state: State = { kind: 'closed' };
  readonly #owed: OwedLines;
  readonly #path: AuditPath;
  /** When the path was last looked at, on the monotonic clock. */
  #checkedAt = 0;
  /** Cancels the check that is to come; `null` when none is. */
  #cancelCheck: (() => void) | null = null;

  constructor(options: AppendingFileOptions, settings: DeviceSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#path = new AuditPath(options, settings);
    this.#owed = new OwedLines(options.path, settings);
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#turns.add(async () => {
      if (signal.aborted) throw abortedFailure(`Cannot open audit file "${this.#options.path}"`);
      if (this.#state.kind === 'closed') await this.#use(await this.#path.open());
      else await this.#mend();
    });
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#turns.add(async () => {
      if (signal.aborted) throw abortedFailure(`Cannot reopen audit file "${this.#options.path}"`);
      const fresh = await this.#path.open();
      if ('file' in this.#state) await this.#replace(this.#state.file, fresh);
      else await this.#use(fresh);
    });
  }

  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    return this.#turns.add(() => this.#append(lines, signal));
  }

  close(): Promise<void> {
    return this.#turns.add(async () => {
      await this.#followPath().catch(() => {});
      const state = this.#state;
      if (state.kind === 'doubtful' && (await state.file.isDeleted().catch(() => false))) {
        await this.#letGo(state.file, state.failure);
      }
      if (!this.#owed.none) await this.#mend().catch(() => {});
      await this.#owed.close('file' in this.#state ? this.#state.file : null);
      this.#state = { kind: 'closed' };
      this.#cancelCheck?.();
    });
  }

  async #append(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    const action = `Cannot write audit file "${this.#options.path}"`;
    if (signal.aborted) return stopped(abortedFailure(action));
    if (this.#isCheckDue()) {
      try {
        await this.#followPath();
      } catch (error) {
        return stopped(failureOf(action, error));
      }
    }
    const state = this.#state;
    if (state.kind === 'closed') return stopped(new DeviceFailure('io', `${action}: it is not open`));
    if (state.kind !== 'ready') return stopped(state.failure);
    const { file } = state;
    const { written, error } = await file.append(lines.bytes);
    const unsynced = this.#options.sync === 'data' ? await file.sync() : null;
    if (error === null && unsynced === null) {
      file.wrote(lines.ends.length);
      return { settled: lines.ends.length, refused: [], failure: null };
    }
    const failure = failureOf(action, error ?? unsynced);
    this.#state = { kind: 'doubtful', file, failure };
    const settled = unsynced === null ? wholeLines(lines.ends, written) : 0;
    file.wrote(settled);
    return { settled, refused: [], failure };
  }

  #isCheckDue(): boolean {
    const { clock } = this.#settings;
    if (clock.now() - this.#checkedAt >= checkEveryMs) return true;
    return this.#state.kind === 'ready' && this.#state.file.unseenBytes >= checkEveryBytes;
  }

  #checkSoon(): void {
    this.#cancelCheck ??= this.#settings.clock.setTimer(checkEveryMs, this.#checkLater);
  }

  /** Nobody else would notice that the file is gone while nothing is written, or ask for what is owed. */
  readonly #checkLater = (): void => {
    this.#cancelCheck = null;
    void this.#turns.add(async () => {
      const { kind } = this.#state;
      if (kind === 'closed') return;
      try {
        if (this.#owed.none) await this.#followPath();
        else await this.#mend();
      } catch (error) {
        // From then on the lane asks for it to be opened.
        if (kind === 'ready') this.#settings.onLost('recent', failureOf('', error));
      }
      this.#checkSoon();
    });
  };

  /** Goes on with a file that was opened at its path just now. */
  async #use(file: OpenFile): Promise<void> {
    this.#checkSoon();
    file.seen(file.size);
    this.#state = { kind: 'ready', file };
    this.#checkedAt = this.#settings.clock.now();
    await this.#payOwed(file);
  }

  /**
   * Goes over to the file that the path leads to now, if that is another. Rejects if the file was deleted and none can
   * be opened in its place.
   */
  async #followPath(): Promise<void> {
    if (!('file' in this.#state)) return;
    const { kind, file } = this.#state;
    const found = await fileAt(this.#options.path);
    this.#checkedAt = this.#settings.clock.now();
    if (found?.device === file.identity.device && found.inode === file.identity.inode) {
      this.#path.isWell();
      // What lies behind half a line is whole only together with it.
      if (kind === 'ready') file.seen(found.size);
      return;
    }
    let fresh: OpenFile;
    try {
      fresh = await this.#path.openInstead();
    } catch (error) {
      // A renamed file is still somebody's to read; one without a name swallows what it gets.
      if (!(await file.isDeleted())) return;
      const failure = failureOf('', error);
      this.#state = { kind: 'doubtful', file, failure };
      if (failure.reason === 'no_space') await this.#letGo(file, failure);
      throw failure;
    }
    if (await file.isDeleted()) this.#path.tellDeleted();
    await this.#replace(file, fresh);
  }

  /** Makes a doubtful file, or the one that has taken its place, ready again. */
  async #mend(): Promise<void> {
    if (this.#state.kind === 'doubtful') await this.#followPath();
    const state = this.#state;
    if (state.kind === 'missing') await this.#use(await this.#path.open());
    if (state.kind !== 'doubtful') return;
    const { file } = state;
    try {
      await file.mend();
    } catch (error) {
      throw failureOf(`Cannot mend audit file "${this.#options.path}"`, error);
    }
    this.#state = { kind: 'ready', file };
    await this.#payOwed(file);
  }

  /** Goes over to `fresh`, and keeps what was written to `old` since it was last seen under its name. */
  async #replace(old: OpenFile, fresh: OpenFile): Promise<void> {
    try {
      if (await old.isDeleted()) await this.#owed.rescue(old);
      // Under its new name it has readers, who are to find no half line at its end.
      else if (this.#state.kind === 'doubtful') await old.mend().catch(() => {});
    } catch (error) {
      await fresh.close();
      const failure = failureOf(`Cannot read audit file "${this.#options.path}", which was deleted`, error);
      this.#state = { kind: 'doubtful', file: old, failure };
      throw failure;
    }
    await old.close();
    await this.#use(fresh);
  }

  /** Closes a deleted file, which may be all that the disk is full of. */
  async #letGo(file: OpenFile, failure: DeviceFailure): Promise<void> {
    try {
      await this.#owed.rescue(file);
    } catch {
      return;
    }
    await file.close();
    this.#state = { kind: 'missing', failure };
  }

  async #payOwed(file: OpenFile): Promise<void> {
    const error = await this.#owed.pay(file, this.#options.sync);
    if (error === null) return;
    const failure = failureOf(`Cannot write audit file "${this.#options.path}"`, error);
    this.#state = { kind: 'doubtful', file, failure };
    throw failure;
  }
}

function stopped(failure: DeviceFailure): WriteOutcome {
  return { settled: 0, refused: [], failure };
}
