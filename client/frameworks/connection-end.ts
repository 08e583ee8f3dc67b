import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FailureReason } from './exchange-records.ts';

const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls back when the connection ends; the function that comes back takes that back. A response that waits behind another on
 * a pipelined connection is told of its end by nobody else.
 */
export function whenConnectionEnds(socket: Socket, callback: () => void): () => void {
  let callbacks = waiting.get(socket);
  if (callbacks === undefined) {
    const all = new Set<() => void>();
    callbacks = all;
    waiting.set(socket, all);
    socket.once('close', () => {
      for (const each of all) each();
    });
  }
  const own = callbacks;
  own.add(callback);
  return () => own.delete(callback);
}

/** Whose end of a connection that is no more was the first. */
export function whoEnded({ readableEnded, errored }: Duplex): FailureReason {
  return readableEnded || errored ? 'client_gone' : 'broken_off';
}
