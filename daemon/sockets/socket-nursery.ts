import { mkdtemp } from 'node:fs/promises';
import type net from 'node:net';
import path from 'node:path';
import { openSocketFolder, type SocketFolder } from './socket-folder.ts';

/** A folder that only this user can enter, beside the path. */
export interface Nursery {
  readonly path: string;
  readonly folder: SocketFolder;
}

/** Makes one in which `server` is to be bound, and closes it with the server. */
export async function openNursery(absolute: string, server: net.Server): Promise<Nursery> {
  const nursery = await mkdtemp(path.join(path.dirname(absolute), '.new-'));
  const folder = openSocketFolder(nursery);
  // libuv removes the name it bound when the server closes; until then the descriptor must stay what it is.
  server.once('close', () => folder.close());
  return { path: nursery, folder };
}
