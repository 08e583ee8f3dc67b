import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ownBytes } from '../format/own-bytes.ts';

/** What one kind of small file may be. */
export interface SmallFileRules {
  /** Far above any real one: the bound is there for a path that leads to something else, such as a log or an image. */
  readonly maxBytes: number;
  /** Refused when it is open to others: whoever read it could use it for as long as nobody notices. */
  readonly secret: boolean;
}

export interface SmallFile {
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

/** A file is not what it should be. The message says in what way, fits after a colon, and holds nothing of the file. */
export class SmallFileRefused extends Error {
  override readonly name = 'SmallFileRefused';
}

// O_NONBLOCK: opening a FIFO that nobody writes to would never return, and hold one of the few threads for files.
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Reads a regular file as a whole. Rejects with `SmallFileRefused`, or with the operating system's error. */
export async function readSmallFile(file: string, rules: SmallFileRules): Promise<SmallFile> {
  return readAndClose(await open(file, flags), rules);
}

/** As `readSmallFile`, for the last part of a path whose other parts are known to be safe: a link is ELOOP. */
export async function readSmallFileNotLink(file: string, rules: SmallFileRules): Promise<SmallFile> {
  return readAndClose(await open(file, flags | constants.O_NOFOLLOW), rules);
}

/** As `readSmallFile`, for what is read without waiting. */
export function readSmallFileSync(file: string, rules: SmallFileRules): SmallFile {
  const descriptor = openSync(file, flags);
  try {
    const mode = checkedMode(fstatSync(descriptor), rules);
    const room = roomFor(rules);
    let filled = 0;
    for (let more = -1; more !== 0 && filled < room.length; filled += more) {
      more = readSync(descriptor, room, filled, room.length - filled, null);
    }
    return { bytes: content(room, filled, rules), mode };
  } finally {
    closeSync(descriptor);
  }
}

async function readAndClose(handle: FileHandle, rules: SmallFileRules): Promise<SmallFile> {
  try {
    const mode = checkedMode(await handle.stat(), rules);
    const room = roomFor(rules);
    let filled = 0;
    for (let more = -1; more !== 0 && filled < room.length; filled += more) {
      more = (await handle.read(room, filled, room.length - filled, null)).bytesRead;
    }
    return { bytes: content(room, filled, rules), mode };
  } finally {
    await handle.close();
  }
}

function checkedMode(found: Stats, { secret }: SmallFileRules): number {
  if (found.isDirectory()) throw new SmallFileRefused('it is a directory');
  if (!found.isFile()) throw new SmallFileRefused('it is not a regular file');
  const mode = found.mode & 0o7777;
  if (secret && (mode & 0o037) !== 0) {
    const shown = mode.toString(8).padStart(4, '0');
    throw new SmallFileRefused(`mode ${shown} gives it to others; run chmod 0640 on it`);
  }
  return mode;
}

/** One byte more than allowed. The size that `stat` tells does not count: in /proc it is 0, and a file may grow. */
function roomFor({ maxBytes }: SmallFileRules): Buffer {
  return ownBytes(maxBytes + 1);
}

/** What was read, in memory that nothing else shares; nothing of it is left elsewhere, since it may be a secret. */
function content(room: Buffer, filled: number, { maxBytes }: SmallFileRules): Buffer {
  const read = room.subarray(0, filled);
  if (filled > maxBytes) {
    read.fill(0);
    throw new SmallFileRefused(`it is larger than ${shownBytes(maxBytes)}`);
  }
  const own = ownBytes(filled);
  own.set(read);
  read.fill(0);
  return own;
}

function shownBytes(bytes: number): string {
  const mebibyte = 1024 * 1024;
  return bytes % mebibyte === 0 ? `${bytes / mebibyte} MiB` : `${bytes / 1024} KiB`;
}
