import { close, constants, fchmod, fstat, lstat, open, stat } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DeviceFailure } from '../device.ts';
import { codeOf, failureOf } from '../failure-reasons.ts';
import { type GuardedFolder, openGuardedFolder } from './guarded-folder.ts';
import { leads, liesBelow } from './leads.ts';
import { makeFolders } from './make-folders.ts';
import { endLine, mendTail } from './torn-tail.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const changeMode = promisify(fchmod);
const statOfPath = promisify(stat);
const statOfEntry = promisify(lstat);
const statOfDescriptor = promisify(fstat);

/** What an operator chose for a file device, and what its lines begin with. */
export interface AuditFileOptions {
  readonly path: string;
  /** Permission bits, or `null` to leave them as they are. */
  readonly mode: number | null;
  readonly lineOpening: Buffer;
  /**
   * Real paths of the folders below which the file has to lie each time it is opened; `null`: anywhere. Where there
   * are some, no symbolic link is followed that leads out of them, whenever it is put there.
   */
  readonly roots: readonly string[] | null;
  /** Not made the first time it is opened: an API device with mode `0000`, as the reference has it. */
  readonly mustExist: boolean;
}

/** An open audit file, ready for the next line. */
export interface AuditFile {
  readonly fd: number;
  readonly device: bigint;
  readonly inode: bigint;
  /** `false` when permissions let us append and nothing else. */
  readonly readable: boolean;
}

/**
 * Opens the file for appending, made anew if need be, with its mode set and its last line whole. Never opens what
 * is not a regular file: a FIFO's open waits for a reader, and four such waits stop every file and name call of the
 * process. Rejects with a `DeviceFailure`. `mustExist`: not made when it is not there.
 */
export async function openAuditFile(options: AuditFileOptions, mustExist = false): Promise<AuditFile> {
  const action = `Cannot open audit file "${options.path}"`;
  try {
    if (mustExist && (await fileAt(options.path)) === null) {
      throw new DeviceFailure(
        'not_found',
        `${action}: it does not exist, and mode "0000" leaves a file as it is`,
      );
    }
    if (options.roots === null) return await openFreely(options, action);
    return await openBelow(options.roots, options, action);
  } catch (error) {
    if (error instanceof DeviceFailure) throw error;
    throw await openFailure(error, options.path, action);
  }
}

async function openFreely(options: AuditFileOptions, action: string): Promise<AuditFile> {
  const found = await unlessMissing(statOfPath(options.path));
  if (found !== null && !found.isFile()) throw irregular(action, found.isDirectory());
  await makeFolders(path.dirname(options.path), 0o750);
  return openEntry(options.path, 0, options, action);
}

/** Between finding out where the path leads and opening that, anything may be swapped: the way there follows no link. */
async function openBelow(
  roots: readonly string[],
  options: AuditFileOptions,
  action: string,
): Promise<AuditFile> {
  const target = await leads(options.path);
  if (!liesBelow(target, roots)) throw outside(action);
  let folder: GuardedFolder | null = null;
  try {
    folder = await openGuardedFolder(path.dirname(target));
    const entry = folder.entry(path.basename(target));
    const found = await unlessMissing(statOfEntry(entry));
    if (found?.isSymbolicLink()) throw outside(action);
    if (found !== null && !found.isFile()) throw irregular(action, found.isDirectory());
    return await openEntry(entry, constants.O_NOFOLLOW, options, action);
  } catch (error) {
    // A link or a file has taken the place of a folder since, or a link that of the file.
    if (codeOf(error) === 'ELOOP' || codeOf(error) === 'ENOTDIR') throw outside(action);
    throw error;
  } finally {
    await folder?.close();
  }
}

async function openEntry(
  at: string,
  flags: number,
  options: AuditFileOptions,
  action: string,
): Promise<AuditFile> {
  const { fd, readable } = await openToAppend(at, flags, options.mode ?? 0o600);
  try {
    return await prepare(fd, readable, options, action);
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
}

export async function closeAuditFile(file: AuditFile): Promise<void> {
  // An error here (EIO on a network file system) concerns lines whose write was answered long ago.
  await closeFile(file.fd).catch(() => {});
}

/** Which file the path leads to now; `null` when to none. Rejects where that cannot be found out. */
export async function fileAt(
  at: string,
): Promise<{ readonly device: bigint; readonly inode: bigint; readonly size: number } | null> {
  try {
    const found = await statOfPath(at, { bigint: true });
    return { device: found.dev, inode: found.ino, size: Number(found.size) };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/** The size of an open file, and whether any name still leads to it. */
export async function descriptorState(file: AuditFile): Promise<{ size: number; deleted: boolean }> {
  const found = await statOfDescriptor(file.fd);
  return { size: found.size, deleted: found.nlink === 0 };
}

async function unlessMissing<Found>(looking: Promise<Found>): Promise<Found | null> {
  try {
    return await looking;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function outside(action: string): DeviceFailure {
  const what =
    'it leads to no file below a folder of admin.file_roots, or through a link that is refused there';
  return new DeviceFailure('permission', `${action}: ${what}`);
}

function irregular(action: string, isDirectory: boolean): DeviceFailure {
  const what = isDirectory ? 'it is a directory' : 'it is a FIFO, socket or device node, not a regular file';
  return new DeviceFailure('unsuitable', `${action}: ${what}`, { permanent: true });
}

async function openToAppend(
  at: string,
  more: number,
  mode: number,
): Promise<{ fd: number; readable: boolean }> {
  // O_NONBLOCK and the fstat that follows: between stat and open the file may have become a FIFO.
  const flags = more | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;
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
): Promise<AuditFile> {
  const found = await statOfDescriptor(fd, { bigint: true });
  if (!found.isFile()) throw irregular(action, found.isDirectory());
  if (options.mode !== null && (Number(found.mode) & 0o7777) !== options.mode) {
    const wanted = options.mode.toString(8).padStart(4, '0');
    try {
      await changeMode(fd, options.mode);
    } catch (error) {
      throw failureOf(`Cannot set mode ${wanted} of audit file "${options.path}"`, error);
    }
  }
  if (readable) await mendTail(fd, options.lineOpening);
  else if (found.size > 0n) await endLine(fd);
  return { fd, device: found.dev, inode: found.ino, readable };
}

/** Says of a refused open whether it is the file or its directory that is in the way. */
async function openFailure(error: unknown, at: string, action: string): Promise<DeviceFailure> {
  if (codeOf(error) !== 'EACCES') return failureOf(action, error);
  const exists = await statOfPath(at).then(
    () => true,
    () => false,
  );
  const what = exists ? 'the file is not writable' : 'directory is not writable';
  return new DeviceFailure('permission', `${action}: ${what}`);
}
