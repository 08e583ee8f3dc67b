import { connect as connectPlain, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DeviceFailure } from '../device.ts';
import { abortedFailure, failureOf } from '../failure-reasons.ts';
import type { PeerBounds } from '../peer-bounds.ts';
import { type SocketTarget, shownTarget } from './address.ts';
import { boundLookup, boundPath, refuseAddress } from './bound-lookup.ts';
import { tcpTailBytes, unixTailBytes } from './kernel-buffers.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import { selfConnectionFailure } from './self-connection.ts';
import { loadTls, type TlsOptions } from './tls-options.ts';
import type { Connection, ReportLost, Transport } from './transport.ts';

/**
 * Linux tries for two minutes, at ever longer intervals: a peer that comes up after one minute would be noticed after
 * the next. The lane's pauses between attempts are shorter.
 */
export const connectTimeoutMs = 10_000;

/** A connection that is silent for so long is tried by the system: a peer may have vanished without a word. */
const keepAliveMs = 30_000;

/** TCP, with or without TLS, or a UNIX stream. */
export class StreamTransport implements Transport {
  readonly tailBytes: number;
  readonly #target: SocketTarget;
  readonly #tls: TlsOptions | null;
  readonly #bounds: PeerBounds | null;

  /** `bounds`: `null` for the operator's own device. */
  constructor(target: SocketTarget, tls: TlsOptions | null, bounds: PeerBounds | null) {
    this.#target = target;
    this.#tls = tls;
    this.#bounds = bounds;
    this.tailBytes = target.kind === 'unix' ? unixTailBytes() : tcpTailBytes();
  }

  async connect(signal: AbortSignal, onLost: ReportLost): Promise<Connection> {
    const shown = shownTarget(this.#target);
    const action = `Cannot connect to "${shown}"`;
    const secure = this.#tls === null ? null : await loadTls(this.#tls);
    // When the peer ends its side, ours stays open until it is known what the peer has not got.
    const where = { ...(await placeOf(this.#target, this.#bounds, action)), allowHalfOpen: true };
    if (signal.aborted) throw abortedFailure(action);
    const socket = secure === null ? connectPlain(where) : connectTls({ ...where, ...secure });
    await connected(socket, secure === null ? 'connect' : 'secureConnect', action, signal);
    refuseItself(socket, action);
    return new OutgoingStream(socket, shown, onLost);
  }
}

function refuseItself(socket: Socket, action: string): void {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  const local = { address: localAddress, port: localPort };
  const failure = selfConnectionFailure(local, { address: remoteAddress, port: remotePort }, action);
  if (failure === null) return;
  // With a reset the port is free again at once.
  socket.on('error', () => {}).resetAndDestroy();
  throw failure;
}

type Place =
  | { readonly path: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly family?: 4 | 6;
      readonly noDelay: true;
      readonly keepAlive: true;
      readonly keepAliveInitialDelay: number;
      readonly lookup?: LookupFunction;
    };

async function placeOf(target: SocketTarget, bounds: PeerBounds | null, action: string): Promise<Place> {
  if ('path' in target) return { path: await boundPath(bounds, target.path, action) };
  const { host, port, family } = target;
  refuseAddress(bounds, target, action);
  const lookup = boundLookup(bounds, target, action);
  return {
    host,
    port,
    ...(family !== 0 && { family }),
    // A batch is one write already: waiting for more would only delay it.
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
    ...(lookup !== null && { lookup }),
  };
}

/** Resolves when the socket has said `event`; otherwise destroys it and rejects with a `DeviceFailure`. */
function connected(socket: Socket, event: string, action: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const release = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off(event, ready).off('error', fail).off('close', closed);
    };
    const fail = (error: unknown): void => {
      release();
      // The socket may report one more error before it is closed.
      socket.on('error', () => {}).destroy();
      reject(failureOf(action, error));
    };
    const ready = (): void => {
      release();
      resolve();
    };
    const abort = (): void => fail(abortedFailure(action));
    const closed = (): void => fail(new DeviceFailure('closed', `${action}: the peer hung up`));
    const timer = setTimeout(() => {
      fail(new DeviceFailure('timeout', `${action}: no answer within ${connectTimeoutMs / 1000} s`));
    }, connectTimeoutMs);
    socket.on(event, ready).on('error', fail).on('close', closed);
    signal.addEventListener('abort', abort, { once: true });
  });
}
