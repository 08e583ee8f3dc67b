import type { Clock } from '../clock.ts';
import { within } from '../delivery/within.ts';
import type { SilentConnection } from './silent-connection.ts';

/** How long it takes at most to read what the system holds of clients that may send no more. */
const lastReadMs = 200;

/**
 * Reads to its end what silent clients have sent, whose connections are being stopped: as devices can record it, for `ms`
 * at most, and then at once. Resolves with how many clients are left that it could not read to the end.
 */
export async function readLastBytes(
  clock: Clock,
  connections: readonly SilentConnection[],
  ms: number,
): Promise<number> {
  if (connections.length === 0) return 0;
  const unread = new Set(connections);
  const all = Promise.all(connections.map((each) => each.heard.then(() => unread.delete(each))));
  await within(clock, ms, all);
  if (unread.size === 0) return 0;
  for (const connection of unread) connection.hurry();
  await within(clock, lastReadMs, all);
  return unread.size;
}
