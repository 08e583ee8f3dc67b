import { chmodSync, chownSync, lstatSync, readFileSync, type Stats } from 'node:fs';
import { chmod, link, lstat, rename, rm, unlink } from 'node:fs/promises';
import type net from 'node:net';
import path from 'node:path';
import { socketPathFault } from '../../config/socket-path.ts';
import { makeFolders } from '../../devices/file/make-folders.ts';
import { Refused } from '../refused.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { longestBacklog } from './backlog.ts';
import type { SocketFolder } from './socket-folder.ts';
import { type Nursery, openNursery } from './socket-nursery.ts';
import { probeSocket } from './socket-probe.ts';

/** A UNIX socket cannot be made at its path. The message names the path and the reason. */
export class SocketPathRefused extends Refused {
  override readonly name = 'SocketPathRefused';
}

export interface SocketPathOptions {
  /** Permission bits; whoever may write may connect (unix(7)). */
  readonly mode: number;
  /** Owner group by name or number; `null` leaves the process's. */
  readonly group: string | null;
}

/** A path that was free, or held by a dead socket, when it was claimed. */
export interface ClaimedSocket {
  readonly path: string;
  /** Makes `server` listen here; rejects with `SocketPathRefused`. */
  listen(server: net.Server): Promise<void>;
  /** The same for another server once the one before was closed, in the place of its socket file. */
  listenAgain(server: net.Server, mode: number): Promise<void>;
  /** Removes the socket file if it is still the one that `listen` made. Closing the server is the caller's. */
  release(): Promise<void>;
}

/**
 * Looks whether `path` can be had, and makes the folders above it. Those get mode 0755 whatever the umask is: the
 * clients run as other users, and it is the mode of the socket that says who may connect.
 */
export async function claimSocketPath(
  socketPath: string,
  options: SocketPathOptions,
): Promise<ClaimedSocket> {
  const fault = socketPathFault(socketPath);
  if (fault !== null) throw refused(socketPath, fault);
  const group = options.group === null ? null : groupNumber(options.group);
  if (group === undefined) throw refused(socketPath, unknownGroup(options.group));
  const absolute = path.resolve(socketPath);
  const folder = path.dirname(absolute);
  await explained(socketPath, async () => {
    for (const made of await makeFolders(folder, 0o755)) await chmod(made, 0o755);
  });
  await refuseUnlessFree(socketPath, absolute);

  let own: Stats | null = null;
  let boundIn: SocketFolder | null = null;
  const listen = (server: net.Server, mode: number): Promise<void> =>
    explained(socketPath, async () => {
      const made = await openNursery(absolute, server);
      // The server before has been closed: what its socket was bound through is not needed any more.
      boundIn?.close();
      boundIn = made.folder;
      own = await listenAt(server, socketPath, absolute, { mode, group, nursery: made, own });
    });
  return {
    path: socketPath,
    listen: (server) => listen(server, options.mode),
    listenAgain: listen,
    async release() {
      if (own === null) return;
      const found = await lstat(absolute).catch(() => null);
      if (isSame(own, found)) await unlink(absolute).catch(() => {});
      own = null;
    },
  };
}

interface ListenOptions {
  readonly mode: number;
  readonly group: number | null;
  readonly nursery: Nursery;
  /** The socket file of a server that was closed, which is replaced. */
  readonly own: Stats | null;
}

/**
 * Binds in the nursery, sets group and mode there, and then links the socket to its
 * path, so nobody can connect before the mode is what was asked for. A umask would do as well, but it is the
 * process's, and files that other parts make at that moment would get it too.
 */
async function listenAt(
  server: net.Server,
  socketPath: string,
  absolute: string,
  { mode, group, nursery, own }: ListenOptions,
): Promise<Stats> {
  const { folder } = nursery;
  try {
    const bound = path.join(nursery.path, 's');
    await listening(server, folder.address('s'));
    try {
      if (group !== null) giveToGroup(socketPath, bound, group);
      chmodSync(bound, mode);
      if (await isLeft(own, absolute)) await rename(bound, absolute);
      else await takeName(socketPath, bound, absolute, path.join(nursery.path, 'old'));
      return lstatSync(absolute);
    } catch (error) {
      server.close();
      throw error;
    }
  } finally {
    if (!server.listening) folder.close();
    await rm(nursery.path, { recursive: true, force: true });
  }
}

/** Whether the path still has our socket file. Its number alone does not say so: once the file is gone, another can have it. */
async function isLeft(own: Stats | null, absolute: string): Promise<boolean> {
  const found = await lstat(absolute).catch(() => null);
  return isSame(own, found) && (await probeSocket(absolute, 0)).kind === 'dead';
}

function isSame(one: Stats | null, other: Stats | null): boolean {
  return one !== null && one.ino === other?.ino && one.dev === other.dev;
}

function listening(server: net.Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: address, backlog: longestBacklog }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

/**
 * Links `bound` to `absolute`. A dead socket is moved to `aside` first, and put back should it turn out to live.
 * Two processes that want the path at once get it right; with a third in the same moment, one could lose what it
 * has. Daemons with the same configuration do not get here together: the state directory has a lock.
 */
async function takeName(socketPath: string, bound: string, absolute: string, aside: string): Promise<void> {
  for (;;) {
    try {
      return await link(bound, absolute);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    await refuseUnlessFree(socketPath, absolute);
    try {
      await rename(absolute, aside);
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') continue;
      throw error;
    }
    // Between the look and the move another process may have put its own there.
    const found = await lstat(aside);
    if (found.isSocket() && (await probeSocket(aside, 0)).kind === 'dead') {
      await unlink(aside);
    } else {
      await rename(aside, absolute);
      throw inUse(socketPath);
    }
  }
}

async function refuseUnlessFree(socketPath: string, absolute: string): Promise<void> {
  const found = await explained(socketPath, () =>
    lstat(absolute).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return null;
      throw error;
    }),
  );
  if (found === null) return;
  if (!found.isSocket()) {
    throw refused(socketPath, notASocket);
  }
  const probe = await probeSocket(absolute, 0);
  if (probe.kind === 'living') throw inUse(socketPath);
  if (probe.kind === 'unknown') {
    throw refused(
      socketPath,
      `cannot find out whether the socket there is in use: ${systemErrorText(probe.error)}`,
    );
  }
}

function giveToGroup(socketPath: string, file: string, group: number): void {
  try {
    chownSync(file, -1, group);
  } catch (error) {
    throw refused(socketPath, notGiven(group, error));
  }
}

export function notGiven(group: number, error: unknown): string {
  const hint =
    systemErrorCode(error) === 'EPERM' ? ': the user of the daemon has to be a member of that group' : '';
  return `cannot give it to group ${group}: ${systemErrorText(error)}${hint}`;
}

/** The number of a group given by name or number; `undefined` when there is no such name. */
export function groupNumber(group: string): number | undefined {
  if (/^[0-9]{1,9}$/.test(group)) return Number(group);
  // Node has no getgrnam. Groups of a directory service can be given by number.
  for (const line of groupLines()) {
    const [name, , number] = line.split(':');
    if (name === group && number !== undefined && /^[0-9]+$/.test(number)) return Number(number);
  }
  return undefined;
}

function groupLines(): readonly string[] {
  try {
    return readFileSync('/etc/group', 'utf8').split('\n');
  } catch {
    // Small containers have none, and so no names.
    return [];
  }
}

export function unknownGroup(group: string | null): string {
  return `group "${group}" is not in /etc/group`;
}

export const notASocket = 'there is something other than a socket, which is left as it is';

function inUse(socketPath: string): SocketPathRefused {
  return refused(socketPath, 'a running process listens there');
}

function refused(socketPath: string, what: string): SocketPathRefused {
  return new SocketPathRefused(`Cannot listen on "${socketPath}": ${what}`);
}

async function explained<T>(socketPath: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SocketPathRefused) throw error;
    throw refused(socketPath, systemErrorText(error));
  }
}
