import { close, constants, fstatSync, open } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Lines } from '../../format/lines.ts';
import type { Device, WriteOutcome } from '../device.ts';
import { abortedFailure, codeOf, failureOf } from '../failure-reasons.ts';
import { wholeLines } from '../whole-lines.ts';
import { append } from './append.ts';

const openFile = promisify(open);
const closeFile = promisify(close);

const standardOutputFd = 1;
const action = 'Cannot write to standard output';

/** Pause between two looks whether a halted terminal takes more. */
const pauseMs = 10;

/**
 * Standard output that is a file or a character device. A file may be shared with other writers and need not be in
 * append mode, so a line torn by a full disk is not cut off but completed when the rest of it can be written.
 */
export class OutputDescriptor implements Device {
  readonly tailBytes = 0;
  #fd: number | null = null;
  /** The part of a line that is written and waits for its rest. */
  #torn: Buffer = Buffer.alloc(0);

  async open(): Promise<void> {
    this.#fd ??= await descriptor();
  }

  async write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    if (signal.aborted) return { settled: 0, refused: [], failure: abortedFailure(action) };
    let begun = this.#torn.length;
    let bytes = lines.bytes;
    if (begun > 0 && !bytes.subarray(0, begun).equals(this.#torn)) {
      bytes = Buffer.concat([Buffer.from('\n'), bytes]);
      begun = 0;
    }
    const { written, error } = await this.#append(bytes.subarray(begun), signal);
    const ahead = bytes.length - lines.bytes.length;
    const reached = Math.max(0, begun + written - ahead);
    const settled = wholeLines(lines.ends, reached);
    const wholeBytes = settled === 0 ? 0 : lines.ends[settled - 1]!;
    if (written >= ahead) this.#torn = Buffer.from(lines.bytes.subarray(wholeBytes, reached));
    return { settled, refused: [], failure: error === null ? null : failureOf(action, error) };
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = null;
    if (fd !== null && fd !== standardOutputFd) await closeFile(fd).catch(() => {});
  }

  async #append(bytes: Buffer, signal: AbortSignal): Promise<{ written: number; error: unknown }> {
    let total = 0;
    for (;;) {
      const { written, error } = await append(this.#fd ?? standardOutputFd, bytes.subarray(total));
      total += written;
      if (codeOf(error) !== 'EAGAIN') return { written: total, error };
      await delay(pauseMs);
      if (signal.aborted) return { written: total, error: abortedFailure(action) };
    }
  }
}

/**
 * A terminal halted with Ctrl-S blocks its writers. Opened anew it gets its own non-blocking flag; setting it on
 * descriptor 1 would set it for the shell and everybody else who shares that.
 */
async function descriptor(): Promise<number> {
  if (!fstatSync(standardOutputFd).isCharacterDevice()) return standardOutputFd;
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  return openFile(`/proc/self/fd/${standardOutputFd}`, flags).catch(() => standardOutputFd);
}
