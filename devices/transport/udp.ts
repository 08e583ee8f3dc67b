import { createSocket, type Socket } from 'node:dgram';
import type { Lines } from '../../format/lines.ts';
import { DeviceFailure, type WriteOutcome } from '../device.ts';
import { abortedFailure, codeOf, failureOf } from '../failure-reasons.ts';
import type { PeerBounds } from '../peer-bounds.ts';
import { type SocketTarget, shownTarget } from './address.ts';
import { lookedUp } from './bound-lookup.ts';
import { selfConnectionFailure } from './self-connection.ts';
import type { Connection, ReportLost, Transport } from './transport.ts';

/** UDP over IPv4: 65,535 less 20 bytes of IP and 8 of UDP header (RFC 768, RFC 791). */
export const largestUdpMessage = 65_507;

/**
 * Datagrams sent before the event loop turns. A receiver's buffer holds about a hundred messages of a kilobyte, and
 * what does not fit is lost without a word.
 */
const burst = 32;

/** One datagram a frame. Nobody says what has arrived; at times the system says that nobody listens. */
export class UdpTransport implements Transport {
  readonly tailBytes = 0;
  readonly #target: SocketTarget & { readonly kind: 'tcp' | 'udp' };
  readonly #bounds: PeerBounds | null;

  /** `bounds`: `null` for the operator's own device. */
  constructor(target: SocketTarget & { readonly kind: 'tcp' | 'udp' }, bounds: PeerBounds | null) {
    this.#target = target;
    this.#bounds = bounds;
  }

  async connect(signal: AbortSignal, onLost: ReportLost): Promise<Connection> {
    const shown = shownTarget(this.#target);
    const action = `Cannot connect to "${shown}"`;
    const { port } = this.#target;
    const found = await looked(lookedUp(this.#bounds, this.#target, action), action, signal);
    const socket = createSocket(found.family === 6 ? 'udp6' : 'udp4');
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        socket.close();
        reject(failureOf(action, error));
      };
      socket.once('error', fail);
      // Connected, a socket hears when the other machine says that nobody listens.
      // Node hands an error at once to the callback, which its types do not say.
      socket.connect(port, found.address, (error?: Error) => {
        socket.off('error', fail);
        const failure = error ?? selfConnectionFailure(socket.address(), socket.remoteAddress(), action);
        if (failure) fail(failure);
        else resolve(new UdpConnection(socket, shown, onLost));
      });
    });
  }
}

/** A name server may take long to answer, and the question cannot be taken back: a late answer is not listened to. */
function looked<Found>(looking: Promise<Found>, action: string, signal: AbortSignal): Promise<Found> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortedFailure(action));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    looking
      .then(resolve, (error) => reject(failureOf(action, error)))
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

/** The batch being sent. */
interface PendingWrite {
  readonly frames: Lines;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: WriteOutcome) => void;
  /** Frames dealt with: given to the socket or refused. */
  given: number;
  /** Frames of the present burst, in the order in which the socket was given them. */
  asked: number[];
  answered: number;
  readonly refused: number[];
  failure: DeviceFailure | null;
  failedAt: number;
}

class UdpConnection implements Connection {
  readonly #socket: Socket;
  readonly #action: string;
  readonly #onLost: ReportLost;
  #usable = true;
  #pending: PendingWrite | null = null;

  constructor(socket: Socket, shown: string, onLost: ReportLost) {
    this.#socket = socket;
    this.#action = `Cannot write to "${shown}"`;
    this.#onLost = onLost;
    socket.on('error', this.#onError);
  }

  isUsable(): boolean {
    return this.#usable;
  }

  write(frames: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    if (signal.aborted || !this.#usable) {
      const failure = signal.aborted
        ? abortedFailure(this.#action)
        : new DeviceFailure('closed', `${this.#action}: the socket is closed`);
      return Promise.resolve({ settled: 0, refused: [], failure });
    }
    return new Promise((resolve) => {
      const state = { given: 0, asked: [], answered: 0, refused: [], failure: null, failedAt: 0 };
      this.#pending = { frames, signal, resolve, ...state };
      signal.addEventListener('abort', this.#onAbort);
      this.#sendBurst();
    });
  }

  async close(): Promise<void> {
    this.#end(abortedFailure(this.#action));
  }

  readonly #sendBurst = (): void => {
    const pending = this.#pending;
    if (pending === null) return;
    const { bytes, ends } = pending.frames;
    pending.asked = [];
    pending.answered = 0;
    let start = pending.given === 0 ? 0 : ends[pending.given - 1]!;
    // The first goes alone: the system reports on it that nobody listened to the batch before.
    const room = pending.given === 0 ? 1 : burst;
    while (pending.given < ends.length && pending.asked.length < room) {
      const index = pending.given++;
      const end = ends[index]!;
      if (end === start || end - start - 1 > largestUdpMessage) {
        pending.refused.push(index);
      } else {
        pending.asked.push(index);
        this.#socket.send(bytes, start, end - start - 1, this.#onSent);
      }
      start = end;
    }
    if (pending.asked.length > 0) return;
    if (pending.given === ends.length) this.#settle(pending.given, null);
    else setImmediate(this.#sendBurst);
  };

  /** The socket answers in the order in which it was asked. */
  readonly #onSent = (error: Error | null): void => {
    const pending = this.#pending;
    if (pending === null) return;
    const index = pending.asked[pending.answered++]!;
    if (error !== null && pending.failure === null) {
      if (codeOf(error) === 'EMSGSIZE') {
        pending.refused.push(index);
      } else {
        pending.failure = failureOf(this.#action, error);
        pending.failedAt = index;
      }
    }
    if (pending.answered < pending.asked.length) return;
    if (pending.failure !== null) {
      this.#settle(pending.failedAt, pending.failure);
      this.#end(pending.failure);
    } else if (pending.given === pending.frames.ends.length) {
      this.#settle(pending.given, null);
    } else {
      setImmediate(this.#sendBurst);
    }
  };

  readonly #onAbort = (): void => this.#end(abortedFailure(this.#action));

  /** The answer "nobody listens" to an earlier datagram can also arrive between two writes. */
  readonly #onError = (error: Error): void => {
    if (!this.#usable) return;
    const failure = failureOf(this.#action, error);
    this.#onLost('all', failure);
    this.#end(failure);
  };

  #end(failure: DeviceFailure): void {
    if (!this.#usable) return;
    this.#usable = false;
    const pending = this.#pending;
    if (pending !== null) {
      this.#settle(
        pending.failure === null ? (pending.asked[pending.answered] ?? pending.given) : pending.failedAt,
        failure,
      );
    }
    this.#socket.close();
  }

  #settle(settled: number, failure: DeviceFailure | null): void {
    const { refused, resolve, signal } = this.#pending!;
    this.#pending = null;
    signal.removeEventListener('abort', this.#onAbort);
    resolve({
      settled,
      refused: refused.filter((index) => index < settled).sort((one, other) => one - other),
      failure,
    });
  }
}
