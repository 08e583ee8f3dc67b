import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, readdir, unlink } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { openSocketFolder, type SocketFolder } from '../sockets/socket-folder.ts';
import { probeSocket } from '../sockets/socket-probe.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { StateRefused } from './state-refused.ts';

export interface StateLock {
  /** Whether its name still leads to it: somebody may have removed the folder. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

// A holder that is busy or stopped does not say its number; then the refusal goes without it.
const greetingMs = 1000;
const socketName = /^([1-9][0-9]{0,14})\.sock$/;

/**
 * Makes this process the only one that uses `stateDirectory`; `StateRefused` when another one does.
 *
 * Node has no `flock`. The lock is a listening UNIX socket, which the kernel takes away with the process however
 * that ends, and which is seen from other containers on the same machine. It is bound under a name of its own
 * first and then linked to the name that counts, so a socket under that name has always been listened on.
 *
 * The name is a number in the folder `lock`. The highest number holds the lock while somebody listens there; when
 * nobody does, the next number may be taken, and `link` gives it to one process only. The highest is never
 * removed, not on release either: removing a dead lock by a fixed name could hit the fresh lock of another process
 * that found the same dead one a moment before.
 */
export async function takeStateLock(stateDirectory: string): Promise<StateLock> {
  const folder = path.join(stateDirectory, 'lock');
  let sockets: SocketFolder;
  try {
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    });
    sockets = openSocketFolder(folder);
  } catch (error) {
    throw cannotLock(stateDirectory, error);
  }
  try {
    return await climb(stateDirectory, folder, sockets);
  } catch (error) {
    sockets.close();
    throw error instanceof StateRefused ? error : cannotLock(stateDirectory, error);
  }
}

async function climb(stateDirectory: string, folder: string, sockets: SocketFolder): Promise<StateLock> {
  let server: net.Server | null = null;
  let ownName = '';
  try {
    for (;;) {
      const highest = await highestNumber(folder);
      if (highest > 0) {
        const probe = await probeSocket(sockets.address(`${highest}.sock`), greetingMs);
        if (probe.kind === 'living') throw heldBy(stateDirectory, probe.greeting);
        if (probe.kind === 'unknown') throw probe.error;
        if (probe.kind === 'absent') continue;
      }
      if (server === null) {
        ownName = `.new-${randomBytes(8).toString('hex')}`;
        server = await listen(sockets.address(ownName));
      }
      const name = `${highest + 1}.sock`;
      try {
        await link(path.join(folder, ownName), path.join(folder, name));
      } catch (error) {
        const code = systemErrorCode(error);
        if (code === 'EEXIST') continue;
        if (code !== 'ENOENT') throw error;
        // A process that took the lock meanwhile has swept our name away as a leftover.
        await closed(server);
        server = null;
        continue;
      }
      // A number that was free because it had been used and swept: somebody is above us.
      if ((await highestNumber(folder)) > highest + 1) {
        await unlink(path.join(folder, name)).catch(() => {});
        continue;
      }
      await sweep(folder, name);
      const holding = server;
      const { ino } = await lstat(path.join(folder, name));
      return {
        isHeld: () =>
          lstat(path.join(folder, name)).then(
            (found) => found.ino === ino,
            () => false,
          ),
        async release() {
          await closed(holding);
          sockets.close();
        },
      };
    }
  } catch (error) {
    if (server !== null) await closed(server);
    throw error;
  }
}

async function highestNumber(folder: string): Promise<number> {
  let highest = 0;
  for (const name of await readdir(folder)) {
    highest = Math.max(highest, Number(socketName.exec(name)?.[1] ?? 0));
  }
  return highest;
}

/** Removes what processes that are gone left behind: every name but the one that holds the lock. */
async function sweep(folder: string, holding: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name !== holding) await unlink(path.join(folder, name)).catch(() => {});
  }
}

function listen(address: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${process.pid}\n`);
      socket.resume();
    });
    server.once('error', reject);
    server.listen(address, () => {
      server.removeListener('error', reject);
      server.on('error', () => {});
      // The lock ends with the process and must not be what keeps it from ending.
      server.unref();
      resolve(server);
    });
  });
}

function closed(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function heldBy(stateDirectory: string, greeting: string): StateRefused {
  const pid = /^([0-9]{1,10})\n$/.exec(greeting)?.[1];
  const holder = pid === undefined ? 'a running audit-sidecar' : `the running process ${pid}`;
  return new StateRefused(
    `Cannot use state directory "${stateDirectory}": it belongs to ${holder}; stop that one first, or give this one a state_dir of its own`,
  );
}

function cannotLock(stateDirectory: string, error: unknown): StateRefused {
  return new StateRefused(
    `Cannot lock state directory "${stateDirectory}": ${systemErrorText(error)}; it has to be writable, on a local file system with sockets and hard links`,
  );
}
