import type { Socket } from 'node:net';
import { type ConnectionEnds, unacknowledgedBytes, unacknowledgedBytesNow } from './unacknowledged.ts';

/** How often is looked whether the peer's system has got all. */
const lookMs = 20;

/** How long a peer that has never said anything may take to end its side, once its system has got all. */
const silentPeerMs = 1000;

/**
 * Ends our side of a connection over which nothing is being sent, and reads on until the peer ends its own: it then
 * has read all. Resolves with how many of the last bytes the peer's system has not acknowledged, `null` when nobody
 * knows.
 *
 * A closed socket answers whatever its peer still says with a reset, at which many peers throw away what they have
 * not read. One that has spoken before is waited for until `signal` is aborted; one that is silent, until its system
 * has got all and a little longer.
 */
export function sayFarewell(
  socket: Socket,
  peerSpeaks: () => boolean,
  signal: AbortSignal,
): Promise<number | null> {
  const { localPort, remotePort } = socket;
  const ends: ConnectionEnds = { localPort, remotePort };
  // A UNIX stream has no send buffer: what was written is with the peer at once.
  const overTcp = remotePort !== undefined;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | null = null;
    let gotAll: number | null = null;
    let over = false;
    const finish = (unknown: number | null): void => {
      if (over) return;
      over = true;
      if (timer !== null) clearTimeout(timer);
      signal.removeEventListener('abort', onLimit);
      const left = overTcp ? unacknowledgedBytesNow(ends) : 0;
      // The end is acknowledged as one byte more.
      resolve(left === null ? unknown : Math.max(0, left - (socket.writableFinished ? 1 : 0)));
    };
    const onLimit = (): void => finish(null);
    const look = async (): Promise<void> => {
      if (overTcp && (await unacknowledgedBytes(ends)) !== 0) gotAll = null;
      else gotAll ??= performance.now();
      if (over) return;
      if (gotAll !== null && !peerSpeaks() && performance.now() - gotAll >= silentPeerMs) finish(null);
      else timer = setTimeout(look, lookMs);
    };
    socket.once('end', () => finish(0)).once('close', () => finish(0));
    socket.end();
    if (signal.aborted) return finish(null);
    signal.addEventListener('abort', onLimit);
    void look();
  });
}
