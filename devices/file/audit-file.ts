import { type BigIntStats, close, constants, fchmod, fstat, lstat, open, stat } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DeviceFailure } from '../device.ts';
import { codeOf, failureOf } from '../failure-reasons.ts';
import { beginsAsLog } from './begins-as-log.ts';
import { belowRoots } from './below-roots.ts';
import type { WhenMissing } from './guarded-folder.ts';
import { makeFolders } from './make-folders.ts';
import { OpenFile } from './open-file.ts';
import type { FileIdentity } from './shared-file.ts';
import type { LineShape } from './torn-line.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const changeMode = promisify(fchmod);
const statOfPath = promisify(stat);
const statOfEntry = promisify(lstat);
const statOfDescriptor = promisify(fstat);

/** What an operator chose for a file device, and what its lines look like. */
export interface AuditFileOptions {
  readonly path: string;
  /** Permission bits, or `null` to leave them as they are. */
  readonly mode: number | null;
  readonly line: LineShape;
  /**
   * Real paths of the folders below which the file has to lie each time it is opened; `null`: anywhere. A symbolic
   * link that leads out of them is not followed, not even one that is put there later.
   */
  readonly roots: readonly string[] | null;
}

/**
 * Opens the file for appending with its mode set and its last line whole. Never opens what is not a regular file: a
 * FIFO's open waits for a reader, and four such waits stop every file and name call of the process. Rejects with a
 * `DeviceFailure`. `whenMissing`: of the file and of the folders above it.
 */
export async function openAuditFile(options: AuditFileOptions, whenMissing: WhenMissing): Promise<OpenFile> {
  const { path: file, roots } = options;
  const action = `Cannot open audit file "${file}"`;
  try {
    if (roots === null) return await openFreely(options, whenMissing, action);
    return await belowRoots({ path: file, roots }, whenMissing, action, (entry) =>
      openRooted(entry, options, whenMissing, action),
    );
  } catch (error) {
    if (error instanceof DeviceFailure) throw error;
    if (whenMissing === 'refuse' && codeOf(error) === 'ENOENT') {
      const detail = 'it does not exist, and mode "0000" leaves a file as it is';
      throw new DeviceFailure('not_found', `${action}: ${detail}`);
    }
    throw await openFailure(error, file, action);
  }
}

async function openFreely(
  options: AuditFileOptions,
  whenMissing: WhenMissing,
  action: string,
): Promise<OpenFile> {
  const found = await unlessMissing(statOfPath(options.path));
  if (found !== null && !found.isFile()) throw irregular(action, found.isDirectory());
  if (whenMissing === 'make') await makeFolders(path.dirname(options.path), 0o750);
  return openEntry(options.path, flagsFor(whenMissing), options, action);
}

async function openRooted(
  entry: string,
  options: AuditFileOptions,
  whenMissing: WhenMissing,
  action: string,
): Promise<OpenFile> {
  const found = await unlessMissing(statOfEntry(entry));
  // With a link there, the open below is refused with ELOOP.
  if (found !== null && !found.isFile() && !found.isSymbolicLink()) {
    throw irregular(action, found.isDirectory());
  }
  return openEntry(entry, flagsFor(whenMissing) | constants.O_NOFOLLOW, options, action);
}

function flagsFor(whenMissing: WhenMissing): number {
  // O_NONBLOCK, and the fstat that follows: between stat and open the file may have become a FIFO.
  const flags = constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY;
  return whenMissing === 'make' ? flags | constants.O_CREAT : flags;
}

async function openEntry(
  at: string,
  flags: number,
  options: AuditFileOptions,
  action: string,
): Promise<OpenFile> {
  const { fd, readable } = await openToAppend(at, flags, options.mode ?? 0o600);
  let found: BigIntStats;
  try {
    found = await prepare(fd, readable, options, action);
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
  const file = new OpenFile(fd, found, readable, options.line);
  try {
    await file.mendUnlessBusy();
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

/** Which file the path leads to now; `null` when to none, or where that cannot be found out. */
export async function fileAt(at: string): Promise<(FileIdentity & { readonly size: number }) | null> {
  try {
    const found = await statOfPath(at, { bigint: true });
    return { device: found.dev, inode: found.ino, size: Number(found.size) };
  } catch {
    return null;
  }
}

async function unlessMissing<Found>(looking: Promise<Found>): Promise<Found | null> {
  try {
    return await looking;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** What is said of anything but a regular file. */
export function irregular(action: string, isDirectory: boolean): DeviceFailure {
  const what = isDirectory ? 'it is a directory' : 'it is a FIFO, socket or device node, not a regular file';
  return new DeviceFailure('unsuitable', `${action}: ${what}`, { permanent: true });
}

async function openToAppend(
  at: string,
  flags: number,
  mode: number,
): Promise<{ fd: number; readable: boolean }> {
  try {
    // Reading is for finding the last newline, and for saving lines from a deleted file.
    return { fd: await openFile(at, flags | constants.O_RDWR, mode), readable: true };
  } catch (error) {
    if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error;
    return { fd: await openFile(at, flags | constants.O_WRONLY, mode), readable: false };
  }
}

async function prepare(
  fd: number,
  readable: boolean,
  options: AuditFileOptions,
  action: string,
): Promise<BigIntStats> {
  const found = await statOfDescriptor(fd, { bigint: true });
  if (!found.isFile()) throw irregular(action, found.isDirectory());
  const wantsMode = options.mode !== null && (Number(found.mode) & 0o7777) !== options.mode;
  // Whoever may call the API is not to change every file below the roots.
  if (options.roots !== null && found.size > 0n)
    await refuseForeign(fd, readable, wantsMode, options, action);
  if (options.mode !== null && wantsMode) {
    try {
      await changeMode(fd, options.mode);
    } catch (error) {
      throw setModeFailure(options.mode, options.path, error);
    }
  }
  return found;
}

/** Why a file does not get its mode. */
export function setModeFailure(mode: number, file: string, error: unknown): DeviceFailure {
  const wanted = mode.toString(8).padStart(4, '0');
  return failureOf(`Cannot set mode ${wanted} of audit file "${file}"`, error);
}

/** Rejects when the file is no audit log, or, where that cannot be seen, when it is not as the device would have left it. */
async function refuseForeign(
  fd: number,
  readable: boolean,
  wantsMode: boolean,
  options: AuditFileOptions,
  action: string,
): Promise<void> {
  const wayOut = 'move it away, or name another file';
  if (readable) {
    if (await beginsAsLog(fd, options.line)) return;
    const what = 'what it holds does not begin as an audit log does';
    throw new DeviceFailure('unsuitable', `${action}: ${what}: ${wayOut}`, { permanent: true });
  }
  if (!wantsMode) return;
  const what = 'it cannot be read, to see whether it is an audit log';
  throw new DeviceFailure('permission', `${action}: ${what}: ${wayOut}`, { permanent: true });
}

/** Says of a refused open whether it is the file or its directory that is in the way. */
export async function openFailure(error: unknown, at: string, action: string): Promise<DeviceFailure> {
  if (codeOf(error) !== 'EACCES') return failureOf(action, error);
  const exists = await statOfPath(at).then(
    () => true,
    () => false,
  );
  const what = exists ? 'the file is not writable' : 'directory is not writable';
  return new DeviceFailure('permission', `${action}: ${what}`);
}
