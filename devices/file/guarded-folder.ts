import { close, constants, mkdir, open } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from '../failure-reasons.ts';

const openFolder = promisify(open);
const closeFolder = promisify(close);
const makeFolder = promisify(mkdir);

/** Linux's O_PATH, which Node has no name for: a folder can be passed through that may not be read. */
const passThrough = 0o10000000;
const folderItself = passThrough | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** A folder held by its descriptor: renaming it or putting a link in its place changes nothing for who holds it. */
export interface GuardedFolder {
  /** What leads to an entry of the folder, whatever has happened to the folder's own path. */
  entry(name: string): string;
  close(): Promise<void>;
}

/** What becomes of a file or folder that is not there. */
export type WhenMissing = 'make' | 'refuse';

/**
 * Opens the folder of a real path without following any symbolic link. Node has no `openat`: each step goes through
 * the descriptor of the one before, by way of `/proc/self/fd`. Rejects with the operating system's error: ENOTDIR or
 * ELOOP where something else than a folder, such as a link, has taken a place.
 */
export async function openGuardedFolder(folder: string, whenMissing: WhenMissing): Promise<GuardedFolder> {
  let fd = await openFolder('/', folderItself);
  try {
    for (const name of folder.split('/').filter((part) => part !== '')) {
      const next = await step(entryOf(fd, name), whenMissing);
      const above = fd;
      fd = next;
      await closeFolder(above);
    }
  } catch (error) {
    await closeFolder(fd);
    throw error;
  }
  return { entry: (name) => entryOf(fd, name), close: () => closeFolder(fd) };
}

async function step(entry: string, whenMissing: WhenMissing): Promise<number> {
  try {
    return await openFolder(entry, folderItself);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || whenMissing === 'refuse') throw error;
  }
  await makeFolder(entry, 0o750).catch((error: unknown) => {
    // Somebody else made it, or a link, in the meantime: the open that follows tells which.
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  return openFolder(entry, folderItself);
}

function entryOf(fd: number, name: string): string {
  return path.join('/proc/self/fd', String(fd), name);
}
