import type { Lines } from '../../format/lines.ts';
import { DeviceFailure, type WriteOutcome } from '../device.ts';
import { abortedFailure, failureOf } from '../failure-reasons.ts';
import type { PeerBounds } from '../peer-bounds.ts';
import { boundPath } from './bound-lookup.ts';
import { DatagramReceiver } from './datagram-receiver.ts';
import { unixTailBytes } from './kernel-buffers.ts';
import { type Libc, loadLibc } from './libc.ts';
import type { Connection, ReportLost, Transport } from './transport.ts';
import { UnreadBytes } from './unread-bytes.ts';

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

/** How soon the receiver's end is noticed by who sends nothing more, or waits for room. */
const lookMs = 200;

/** One datagram a frame over a UNIX socket, as `/dev/log` has it. Needs the optional package koffi. */
export class UnixDatagramTransport implements Transport {
  /** What lies unread is held to the sender's buffer, like what lies in a stream. */
  readonly tailBytes: number = unixTailBytes();
  readonly #path: string;
  readonly #bounds: PeerBounds | null;

  /** `bounds`: `null` for the operator's own device. */
  constructor(path: string, bounds: PeerBounds | null) {
    this.#path = path;
    this.#bounds = bounds;
  }

  async connect(signal: AbortSignal, onLost: ReportLost): Promise<Connection> {
    const action = `Cannot connect to "${this.#path}"`;
    const libc = loadLibc();
    const at = await boundPath(this.#bounds, this.#path, action);
    if (signal.aborted) throw abortedFailure(action);
    if (libc === null) {
      throw new DeviceFailure('unsuitable', `${action}: ${koffiMissing}`, { permanent: true });
    }
    try {
      return new UnixDatagramConnection(libc, at, onLost);
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
  /** Takes back that the next burst is to come. */
  cancel: () => void;
}

/**
 * An aborted write leaves the connection open: a datagram is whole or not there, and what this socket has sent can be asked of
 * it alone.
 */
class UnixDatagramConnection implements Connection {
  readonly #libc: Libc;
  readonly #action: string;
  readonly #onLost: ReportLost;
  readonly #receiver: DatagramReceiver;
  readonly #unread = new UnreadBytes();
  #usable = true;
  #pending: PendingWrite | null = null;
  #lookTimer: NodeJS.Timeout | null = null;

  /** Throws an error with a `code`. */
  constructor(libc: Libc, path: string, onLost: ReportLost) {
    this.#libc = libc;
    this.#receiver = new DatagramReceiver(libc, path);
    this.#action = `Cannot write to "${path}"`;
    this.#onLost = onLost;
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
      this.#pending = { frames, signal, resolve, refused: [], next: 0, fullTurns: 0, cancel: () => {} };
      signal.addEventListener('abort', this.#onAbort);
      this.#sendBurst();
    });
  }

  /** What lies in the queue of a receiver that lives is with its system, and stays there when this end is closed. */
  async close(): Promise<void> {
    if (!this.#usable) return;
    if (this.#pending !== null) this.#settle(abortedFailure(this.#action));
    const lies = (this.#see() ?? 0) > 0;
    const lost = lies || this.#receiver.look() === 'there' ? 0 : this.#unread.most;
    this.#end(this.#endedFailure(), lost);
  }

  readonly #onAbort = (): void => this.#settle(abortedFailure(this.#action));

  readonly #sendBurst = (): void => {
    const pending = this.#pending;
    if (pending === null) return;
    const { bytes, ends } = pending.frames;
    for (let left = burst; pending.next < ends.length; left--) {
      if (left === 0) {
        this.#see();
        this.#sendNextTurn(pending);
        return;
      }
      const start = pending.next === 0 ? 0 : ends[pending.next - 1]!;
      const end = ends[pending.next]!;
      const code =
        end === start ? 'EMSGSIZE' : this.#libc.send(this.#receiver.fd, bytes.subarray(start, end - 1));
      if (code === 'EAGAIN' || code === 'ENOBUFS') {
        this.#waitForRoom(pending);
        return;
      }
      if (code === 'EMSGSIZE') {
        pending.refused.push(pending.next);
      } else if (code !== '') {
        this.#breakOff(failureOf(this.#action, { code }));
        return;
      } else {
        this.#unread.add(end - start);
      }
      pending.next++;
      pending.fullTurns = 0;
    }
    this.#see();
    this.#settle(null);
  };

  #waitForRoom(pending: PendingWrite): void {
    const turn = pending.fullTurns++;
    if (turn < impatientTurns) {
      this.#sendNextTurn(pending);
      return;
    }
    this.#see();
    this.#lookLater();
    const pause = Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(10, turn - impatientTurns));
    const timer = setTimeout(this.#sendBurst, pause);
    pending.cancel = () => clearTimeout(timer);
  }

  #sendNextTurn(pending: PendingWrite): void {
    const immediate = setImmediate(this.#sendBurst);
    pending.cancel = () => clearImmediate(immediate);
  }

  /** Asks the system what lies unread. */
  #see(): number | null {
    const queued = this.#libc.unread(this.#receiver.fd);
    this.#unread.see(queued);
    return queued;
  }

  #lookLater(): void {
    if (this.#unread.most === 0 && this.#pending === null) return;
    this.#lookTimer ??= setTimeout(this.#look, lookMs);
  }

  readonly #look = (): void => {
    this.#lookTimer = null;
    this.#see();
    const state = this.#receiver.look();
    if (state === 'there') this.#unread.believe();
    if (state === 'ended' || state === 'replaced') this.#breakOff(this.#endedFailure());
    else this.#lookLater();
  };

  /** Nothing more goes to this receiver. What it has not read of the write under way is not settled. */
  #breakOff(failure: DeviceFailure): void {
    const doubtful = this.#unread.most;
    const pending = this.#pending;
    this.#end(failure, pending === null ? doubtful : doubtful - takenBack(pending, doubtful));
    if (pending !== null) this.#settle(failure);
  }

  #end(failure: DeviceFailure, lostBytes: number): void {
    this.#usable = false;
    if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
    this.#libc.close(this.#receiver.fd);
    if (lostBytes > 0) this.#onLost(lostBytes, failure);
  }

  #settle(failure: DeviceFailure | null): void {
    const { signal, cancel, next, refused, resolve } = this.#pending!;
    this.#pending = null;
    signal.removeEventListener('abort', this.#onAbort);
    cancel();
    resolve({ settled: next, refused: refused.filter((index) => index < next), failure });
    if (this.#usable) this.#lookLater();
  }

  #endedFailure(): DeviceFailure {
    return new DeviceFailure('closed', `${this.#action}: the receiver has ended`);
  }
}

/** Moves the write back before its last `doubtful` bytes that were sent, to its beginning at most; how many they are. */
function takenBack(pending: PendingWrite, doubtful: number): number {
  const { ends } = pending.frames;
  const refused = new Set(pending.refused);
  let bytes = 0;
  while (pending.next > 0 && bytes < doubtful) {
    const index = --pending.next;
    if (!refused.has(index)) bytes += ends[index]! - (index === 0 ? 0 : ends[index - 1]!);
  }
  return bytes;
}
