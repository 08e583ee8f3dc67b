import type { Lines } from '../../format/lines.ts';
import { DeviceFailure, type WriteOutcome } from '../device.ts';
import { abortedFailure, failureOf } from '../failure-reasons.ts';
import { type Libc, loadLibc } from './libc.ts';
import type { Connection, Transport } from './transport.ts';

/** Messages sent before the event loop turns. */
const burst = 64;

/**
 * A receiver's queue holds ten messages by default (`net.unix.max_dgram_qlen`): a full one is the normal case, and
 * mostly has room again after a turn of the event loop. After so many turns a timer waits instead.
 */
const impatientTurns = 16;
const shortestPauseMs = 1;
const longestPauseMs = 20;

/** What is said where Node alone cannot send them. */
export const koffiMissing =
  'UNIX datagrams need the package "koffi", which is not installed: npm install koffi';

/** One datagram a frame over a UNIX socket, as `/dev/log` has it. Needs the optional package koffi. */
export class UnixDatagramTransport implements Transport {
  readonly tailBytes = 0;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async connect(signal: AbortSignal): Promise<Connection> {
    const action = `Cannot connect to "${this.#path}"`;
    const libc = loadLibc();
    if (signal.aborted) throw abortedFailure(action);
    if (libc === null) {
      throw new DeviceFailure('unsuitable', `${action}: ${koffiMissing}`, { permanent: true });
    }
    try {
      return new UnixDatagramConnection(libc, libc.connectDatagram(this.#path), this.#path);
    } catch (error) {
      throw failureOf(action, error);
    }
  }
}

/** The batch being sent. */
interface PendingWrite {
  readonly frames: Lines;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly refused: number[];
  /** Frames sent or refused. */
  next: number;
  /** How often in a row the receiver's queue was full. */
  fullTurns: number;
  timer: NodeJS.Timeout | null;
}

class UnixDatagramConnection implements Connection {
  readonly #libc: Libc;
  readonly #action: string;
  #fd: number | null;
  #pending: PendingWrite | null = null;

  constructor(libc: Libc, fd: number, path: string) {
    this.#libc = libc;
    this.#fd = fd;
    this.#action = `Cannot write to "${path}"`;
  }

  isUsable(): boolean {
    return this.#fd !== null;
  }

  write(frames: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    if (signal.aborted || this.#fd === null) {
      const failure = signal.aborted
        ? abortedFailure(this.#action)
        : new DeviceFailure('closed', `${this.#action}: the socket is closed`);
      return Promise.resolve({ settled: 0, refused: [], failure });
    }
    return new Promise((resolve) => {
      this.#pending = { frames, signal, resolve, refused: [], next: 0, fullTurns: 0, timer: null };
      signal.addEventListener('abort', this.#onAbort);
      this.#sendBurst();
    });
  }

  async close(): Promise<void> {
    this.#end(abortedFailure(this.#action));
  }

  readonly #onAbort = (): void => this.#end(abortedFailure(this.#action));

  readonly #sendBurst = (): void => {
    const pending = this.#pending;
    if (pending === null || this.#fd === null) return;
    const { bytes, ends } = pending.frames;
    for (let left = burst; pending.next < ends.length; left--) {
      if (left === 0) {
        setImmediate(this.#sendBurst);
        return;
      }
      const start = pending.next === 0 ? 0 : ends[pending.next - 1]!;
      const end = ends[pending.next]!;
      const code = end === start ? 'EMSGSIZE' : this.#libc.send(this.#fd, bytes.subarray(start, end - 1));
      if (code === 'EAGAIN' || code === 'ENOBUFS') {
        this.#waitForRoom(pending);
        return;
      }
      if (code === 'EMSGSIZE') {
        pending.refused.push(pending.next);
      } else if (code !== '') {
        this.#end(failureOf(this.#action, { code }));
        return;
      }
      pending.next++;
      pending.fullTurns = 0;
    }
    this.#settle(null);
  };

  #waitForRoom(pending: PendingWrite): void {
    const turn = pending.fullTurns++;
    if (turn < impatientTurns) {
      setImmediate(this.#sendBurst);
      return;
    }
    const pause = Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(10, turn - impatientTurns));
    pending.timer = setTimeout(this.#sendBurst, pause);
  }

  #end(failure: DeviceFailure): void {
    if (this.#fd === null) return;
    this.#libc.close(this.#fd);
    this.#fd = null;
    if (this.#pending !== null) this.#settle(failure);
  }

  #settle(failure: DeviceFailure | null): void {
    const { signal, timer, next, refused, resolve } = this.#pending!;
    this.#pending = null;
    signal.removeEventListener('abort', this.#onAbort);
    if (timer !== null) clearTimeout(timer);
    resolve({ settled: next, refused, failure });
  }
}
