import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { link, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { makeFolders } from '../../devices/file/make-folders.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { takeStateLock } from './state-lock.ts';
import { StateRefused } from './state-refused.ts';
import { syncFolder } from './sync-folder.ts';

export { StateRefused } from './state-refused.ts';

/** What can be looked at in a state directory, also beside a running daemon. */
export interface StateFiles {
  readonly path: string;
  /** `null` when there is no such file. */
  read(name: string): Promise<Buffer | null>;
  /** When the file was written; `null` when there is no such file. */
  changedAt(name: string): Promise<Date | null>;
  /** Names in a folder, sorted; empty when there is no such folder. */
  list(folder: string): Promise<string[]>;
}

/**
 * The folder that outlives the process: salts and the device table. While it is open no other daemon uses it.
 *
 * Names are file names, or one folder and a file name with a slash between. After a kill -9 or a power failure at any
 * moment a file is what it was or what it was to become. Every call rejects with `StateRefused`.
 */
export interface StateDirectory extends StateFiles {
  /** Replaces the file, or makes it. */
  writeAtomically(name: string, bytes: Uint8Array): Promise<void>;
  /** Makes the file; `false`, and nothing is touched, when there is one. */
  createAtomically(name: string, bytes: Uint8Array): Promise<boolean>;
  /**
   * Overwrites the content before it removes the file; `false` when there is none. On a copying file system or flash the
   * old blocks may stay.
   */
  destroy(name: string): Promise<boolean>;
  /**
   * Makes the directory and its lock again when they are gone; `false` when they are there. Rejects when another daemon has
   * taken it.
   */
  retake(): Promise<boolean>;
  /** `step` runs when the directory is released, before another daemon may take it. */
  beforeRelease(step: () => Promise<void>): void;
  /** Lets another daemon take the directory. Nothing may be called afterwards. */
  release(): Promise<void>;
}

/**
 * Opens `folder` and takes its lock; makes it, and the folders above, with mode 0700. Refuses a directory that
 * others can look into instead of tightening it: the salts may have been read already, which an operator has to know.
 */
export async function openStateDirectory(folder: string): Promise<StateDirectory> {
  const root = path.resolve(folder);
  try {
    await makeFolder(root);
    refuseUnsafe(root, await stat(root));
  } catch (error) {
    if (error instanceof StateRefused) throw error;
    throw new StateRefused(`Cannot use state directory "${root}": ${systemErrorText(error)}`);
  }
  let lock = await takeStateLock(root);
  try {
    await sweepLeftovers(root);
  } catch (error) {
    await lock.release();
    throw new StateRefused(`Cannot tidy state directory "${root}": ${systemErrorText(error)}`);
  }

  const lastSteps: (() => Promise<void>)[] = [];
  const file = (name: string): string => path.join(root, name);
  return {
    ...stateFiles(root),
    writeAtomically: (name, bytes) =>
      explained('write', file(name), async () => {
        await replaceWith(file(name), bytes, rename);
      }),
    createAtomically: (name, bytes) =>
      explained('write', file(name), async () => {
        try {
          // Unlike a rename, a link never replaces what is there.
          await replaceWith(file(name), bytes, link);
          return true;
        } catch (error) {
          if (systemErrorCode(error) === 'EEXIST') return false;
          throw error;
        }
      }),
    destroy: (name) =>
      explained('destroy', file(name), () =>
        orWhenAbsent(false, async () => {
          await destroyFile(file(name));
          return true;
        }),
      ),
    async retake() {
      if (await lock.isHeld()) return false;
      await explained('make', root, () => makeFolder(root));
      const before = lock;
      lock = await takeStateLock(root);
      await before.release();
      return true;
    },
    beforeRelease: (step) => void lastSteps.push(step),
    async release() {
      for (const step of lastSteps.splice(0)) await step();
      await lock.release();
    },
  };
}

/** Looks into a state directory without its lock. Nothing need be there. */
export function stateFiles(folder: string): StateFiles {
  const root = path.resolve(folder);
  const file = (name: string): string => path.join(root, name);
  return {
    path: root,
    read: (name) => explained('read', file(name), () => orWhenAbsent(null, () => readFile(file(name)))),
    changedAt: (name) =>
      explained('read', file(name), () => orWhenAbsent(null, async () => (await stat(file(name))).mtime)),
    list: (inside) =>
      explained('list', file(inside), () =>
        orWhenAbsent([], async () => {
          const entries = await readdir(file(inside), { withFileTypes: true });
          return entries
            .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
            .map((entry) => entry.name)
            .sort();
        }),
      ),
  };
}

/** Makes `folder` and what is missing above it, and the names of the new folders durable. */
async function makeFolder(folder: string): Promise<void> {
  for (const made of await makeFolders(folder, 0o700)) await syncFolder(path.dirname(made));
}

/** Throws `StateRefused` for a directory that is another user's, or that others can look into. */
export function refuseUnsafe(root: string, found: Pick<Stats, 'uid' | 'mode'>): void {
  const own = process.geteuid?.();
  if (own !== undefined && found.uid !== own) {
    throw new StateRefused(
      `Cannot use state directory "${root}": it belongs to user ${found.uid} and the daemon runs as user ${own}; chown it, or name a folder inside it that the daemon can make`,
    );
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
    throw new StateRefused(
      `Cannot use state directory "${root}": mode ${mode} lets others in and it holds salts; run chmod 0700 on it, or name a folder inside it that the daemon can make`,
    );
  }
}

// Names that start with a dot are on their way in or out: never listed, and swept away at the next start.
function passingName(folder: string): string {
  return path.join(folder, `.passing-${randomBytes(8).toString('hex')}`);
}

async function replaceWith(
  target: string,
  bytes: Uint8Array,
  moveIn: (from: string, to: string) => Promise<void>,
): Promise<void> {
  const folder = path.dirname(target);
  await makeFolder(folder);
  const passing = passingName(folder);
  try {
    const handle = await open(passing, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await moveIn(passing, target);
  } finally {
    await orWhenAbsent(undefined, () => unlink(passing));
  }
  await syncFolder(folder);
}

/** Takes the file out of its name first, so that no reader and no restart ever meets a half overwritten one. */
async function destroyFile(file: string): Promise<void> {
  const folder = path.dirname(file);
  const passing = passingName(folder);
  await rename(file, passing);
  await syncFolder(folder);
  await overwriteAndUnlink(passing);
  await syncFolder(folder);
}

async function overwriteAndUnlink(file: string): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await handle.stat();
    await handle.write(Buffer.alloc(size), 0, size, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await unlink(file);
}

/** Ends what a killed process had begun. A leftover may be a salt, so it is destroyed, not only removed. */
async function sweepLeftovers(root: string): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.startsWith('.passing-')) continue;
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    // A created file has two names until its passing one is removed: overwriting would reach the good one.
    if ((await stat(file)).nlink > 1) await unlink(file);
    else await overwriteAndUnlink(file);
  }
}

export async function orWhenAbsent<T>(absent: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return absent;
    throw error;
  }
}

async function explained<T>(verb: string, file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StateRefused(`Cannot ${verb} state file "${file}": ${systemErrorText(error)}`);
  }
}
