import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { Lines } from '../../format/lines.ts';
import { type Device, DeviceFailure, type DeviceSettings, type WriteOutcome } from '../device.ts';
import { abortedFailure, failureOf } from '../failure-reasons.ts';
import { wholeLines } from '../whole-lines.ts';
import { append, syncData } from './append.ts';
import {
  type AuditFile,
  type AuditFileOptions,
  closeAuditFile,
  descriptorState,
  fileAt,
  openAuditFile,
} from './audit-file.ts';
import { endLine, mendTail } from './torn-tail.ts';

const readAt = promisify(read);

/** How long the path may lead elsewhere unseen while lines are written. */
const checkEveryMs = 1000;

const copyBytes = 1024 * 1024;

export interface AppendingFileOptions extends AuditFileOptions {
  /** Lines count as recorded only when they are on the disk. */
  readonly sync: 'none' | 'data';
}

/** `doubtful`: a write failed, so the file may end in half a line, or the file has lost its name. */
type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'ready'; readonly file: AuditFile }
  | { readonly kind: 'doubtful'; readonly file: AuditFile };

/** A regular file that lines are appended to. */
export class AppendingFile implements Device {
  readonly tailBytes = 0;
  readonly #options: AppendingFileOptions;
  readonly #settings: DeviceSettings;
  #state: State = { kind: 'closed' };
  #everOpened = false;
  /** Monotonic milliseconds at which the path was last seen to lead to the open file. */
  #checkedAt = 0;
  /** The size the file had then: what lies beyond is at risk when the file is deleted. */
  #checkedSize = 0;
  #timer: NodeJS.Timeout | null = null;
  /** The check or call under way. A descriptor is closed by nobody else before that has ended. */
  #busy: Promise<unknown> | null = null;

  constructor(options: AppendingFileOptions, settings: DeviceSettings) {
    this.#options = options;
    this.#settings = settings;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#alone(async () => {
      if (signal.aborted) throw abortedFailure(`Cannot open audit file "${this.#options.path}"`);
      const state = this.#state;
      if (state.kind === 'ready') return;
      if (state.kind === 'closed') await this.#use(await this.#openAnew());
      else await this.#mend(state.file);
    });
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#alone(async () => {
      if (signal.aborted) throw abortedFailure(`Cannot reopen audit file "${this.#options.path}"`);
      const fresh = await this.#openAnew();
      if (this.#state.kind === 'closed') await this.#use(fresh);
      else await this.#replace(this.#state.file, fresh);
    });
  }

  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    return this.#alone(() => this.#append(lines, signal));
  }

  close(): Promise<void> {
    return this.#alone(async () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      await this.#followPath().catch(() => {});
      if (this.#state.kind !== 'closed') await closeAuditFile(this.#state.file);
      this.#state = { kind: 'closed' };
    });
  }

  async #append(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    const action = `Cannot write audit file "${this.#options.path}"`;
    if (signal.aborted) return stopped(abortedFailure(action));
    if (performance.now() - this.#checkedAt >= checkEveryMs) {
      try {
        await this.#followPath();
      } catch (error) {
        return stopped(failureOf(action, error));
      }
    }
    if (this.#state.kind !== 'ready') {
      return stopped(new DeviceFailure('io', `${action}: it is not open`));
    }
    const { file } = this.#state;
    const { written, error } = await append(file.fd, lines.bytes);
    const synced = this.#options.sync === 'data' ? await syncData(file.fd) : null;
    this.#timer ??= setTimeout(this.#checkLater, checkEveryMs).unref();
    if (error === null && synced === null) {
      return { settled: lines.ends.length, refused: [], failure: null };
    }
    this.#state = { kind: 'doubtful', file };
    // What cannot be mended now (the newline finds no space either) is mended by the next open.
    if (file.readable) await mendTail(file.fd, this.#options.lineOpening).catch(() => {});
    const settled = synced === null ? wholeLines(lines.ends, written) : 0;
    return { settled, refused: [], failure: failureOf(action, error ?? synced) };
  }

  /** Runs `task` when the one before has ended, so that no check closes a descriptor under a write. */
  async #alone<Result>(task: () => Promise<Result>): Promise<Result> {
    while (this.#busy !== null) await this.#busy;
    const running = task();
    const ended = running.then(
      () => {},
      () => {},
    );
    this.#busy = ended;
    try {
      return await running;
    } finally {
      if (this.#busy === ended) this.#busy = null;
    }
  }

  /** After the last line of a burst nothing else would notice that the file was deleted with it. */
  readonly #checkLater = (): void => {
    this.#timer = null;
    // A write under way checks by itself, or arms the timer again.
    if (this.#busy === null) void this.#alone(() => this.#followPath()).catch(() => {});
  };

  async #openAnew(): Promise<AuditFile> {
    try {
      const file = await openAuditFile(this.#options, this.#options.mustExist && !this.#everOpened);
      this.#everOpened = true;
      return file;
    } catch (error) {
      const failure = failureOf('', error);
      // What once worked may work again: a disk mounted read-only after an error, a directory swapped in a rotation.
      const permanent =
        !this.#everOpened && (failure.reason === 'permission' || failure.reason === 'unsuitable');
      throw new DeviceFailure(failure.reason, failure.message, { permanent });
    }
  }

  async #use(file: AuditFile): Promise<void> {
    const { size } = await descriptorState(file);
    this.#state = { kind: 'ready', file };
    this.#checkedAt = performance.now();
    this.#checkedSize = size;
  }

  /** Follows the path to the file it leads to now, if that is another. Rejects when a deleted file has no heir. */
  async #followPath(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    const { file } = this.#state;
    const found = await fileAt(this.#options.path).catch(() => 'unknown' as const);
    this.#checkedAt = performance.now();
    if (found === 'unknown') return;
    if (found !== null && found.device === file.device && found.inode === file.inode) {
      this.#checkedSize = found.size;
      return;
    }
    let fresh: AuditFile;
    try {
      fresh = await this.#openAnew();
    } catch (error) {
      // A renamed file is still somebody's to read; one without a name swallows what it gets.
      if (!(await descriptorState(file)).deleted) return;
      this.#state = { kind: 'doubtful', file };
      throw error;
    }
    await this.#replace(file, fresh);
  }

  async #mend(file: AuditFile): Promise<void> {
    await this.#followPath();
    if (this.#state.kind === 'ready') return;
    try {
      await (file.readable ? mendTail(file.fd, this.#options.lineOpening) : endLine(file.fd));
    } catch (error) {
      throw failureOf(`Cannot mend audit file "${this.#options.path}"`, error);
    }
    await this.#use(file);
  }

  /** Lets go of `old`, after saving what was written to it since it was last seen under its name. */
  async #replace(old: AuditFile, fresh: AuditFile): Promise<void> {
    try {
      const { deleted } = await descriptorState(old);
      if (deleted) await this.#save(old, fresh);
    } catch (error) {
      await closeAuditFile(fresh);
      this.#state = { kind: 'doubtful', file: old };
      throw failureOf(`Cannot write audit file "${this.#options.path}"`, error);
    }
    await closeAuditFile(old);
    await this.#use(fresh);
  }

  async #save(old: AuditFile, fresh: AuditFile): Promise<void> {
    if (!old.readable) {
      const message = `Audit file "${this.#options.path}" was deleted: its last lines cannot be read back`;
      this.#settings.onLost('recent', new DeviceFailure('not_found', message));
      return;
    }
    await mendTail(old.fd, this.#options.lineOpening);
    const { size } = await descriptorState(old);
    const block = Buffer.allocUnsafe(Math.max(0, Math.min(copyBytes, size - this.#checkedSize)));
    for (let at = this.#checkedSize; at < size; ) {
      const { bytesRead } = await readAt(old.fd, block, 0, Math.min(block.length, size - at), at);
      if (bytesRead === 0) return;
      const { error } = await append(fresh.fd, block.subarray(0, bytesRead));
      if (error !== null) throw error;
      at += bytesRead;
    }
  }
}

function stopped(failure: DeviceFailure): WriteOutcome {
  return { settled: 0, refused: [], failure };
}
