import type { Socket } from 'node:net';
import type { Lines } from '../../format/lines.ts';
import { DeviceFailure, type LostScope, type WriteOutcome } from '../device.ts';
import { abortedFailure, failureOf } from '../failure-reasons.ts';
import { sayFarewell } from './farewell.ts';
import { type Connection, emptyFrames, type ReportLost } from './transport.ts';
import { unacknowledgedBytes } from './unacknowledged.ts';

/** A batch whose bytes the operating system has not taken yet. */
interface PendingWrite {
  readonly frames: Lines;
  readonly resolve: (outcome: WriteOutcome) => void;
}

/**
 * `left`: the peer has ended it, and how much it has read is being found out.
 * `ending`: this end has closed it, and its last bytes are on their way.
 */
type State = 'open' | 'left' | 'ending' | 'ended';

/**
 * An open stream to a peer. A write that is aborted or breaks off settles nothing: what the operating system took of
 * it lies in buffers whose content is now in doubt.
 */
export class OutgoingStream implements Connection {
  readonly #socket: Socket;
  readonly #shown: string;
  readonly #onLost: ReportLost;
  readonly #overTcp: boolean;
  #state: State = 'open';
  #peerSpeaks = false;
  #leaving: Promise<void> = Promise.resolve();
  #pending: PendingWrite | null = null;
  #signal: AbortSignal | null = null;

  /** `socket` is connected and stays open when the peer ends its side; nothing has been written to it. */
  constructor(socket: Socket, shown: string, onLost: ReportLost) {
    this.#socket = socket;
    this.#shown = shown;
    this.#onLost = onLost;
    this.#overTcp = socket.remotePort !== undefined;
    socket.on('error', this.#onError);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
    // Nothing is expected from the peer, but its end is heard of at once only by who reads. And a socket that is
    // closed with bytes unread breaks the connection for the peer too.
    socket.on('data', () => {
      this.#peerSpeaks = true;
    });
  }

  isUsable(): boolean {
    return this.#state === 'open';
  }

  write(frames: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    if (signal.aborted) return Promise.resolve(nothing(abortedFailure(this.#action())));
    if (this.#state !== 'open') return Promise.resolve(nothing(this.#closedFailure()));
    // Every line was too large.
    if (frames.bytes.length === 0) return Promise.resolve(everything(frames));
    return new Promise((resolve) => {
      this.#pending = { frames, resolve };
      this.#signal = signal;
      signal.addEventListener('abort', this.#onAbort);
      this.#socket.write(frames.bytes, this.#onWritten);
    });
  }

  async close(signal: AbortSignal): Promise<void> {
    if (this.#pending !== null) this.#break('all', abortedFailure(this.#action()));
    if (this.#state === 'left') await this.#leaving;
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    const missing = await sayFarewell(this.#socket, () => this.#peerSpeaks, signal);
    const message = `${this.#action()}: closed before the peer had got all`;
    this.#break(missing === 0 ? null : (missing ?? 'all'), new DeviceFailure('closed', message));
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (error) this.#onError(error);
    // What the system took after the peer had left goes nowhere.
    else if (this.#state !== 'left') this.#settle(null);
  };

  readonly #onAbort = (): void => {
    // What earlier writes left in the buffers goes down with the connection.
    this.#break('all', abortedFailure(this.#action()));
  };

  readonly #onError = (error: Error): void => {
    this.#break('all', failureOf(this.#action(), error));
  };

  /**
   * A peer that closes with bytes unread breaks the connection; one that ends it in order has read all it got. What
   * it has not got is still in our send buffer: after a stall that may be megabytes, written long ago.
   */
  readonly #onEnd = (): void => {
    if (this.#state !== 'open') return;
    this.#state = 'left';
    this.#leaving = this.#leftUnsent().then((unsent) => {
      this.#break(unsent ? 'all' : 'recent', this.#closedFailure());
    });
  };

  async #leftUnsent(): Promise<boolean> {
    // A UNIX stream has no send buffer: what was written is with the peer at once.
    if (!this.#overTcp) return false;
    return (await unacknowledgedBytes(this.#socket)) !== 0;
  }

  #break(scope: LostScope | null, failure: DeviceFailure): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#socket.destroy();
    if (scope !== null) this.#onLost(scope, failure);
    this.#settle(failure);
  }

  #settle(failure: DeviceFailure | null): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    this.#signal!.removeEventListener('abort', this.#onAbort);
    pending.resolve(failure === null ? everything(pending.frames) : nothing(failure));
  }

  #action(): string {
    return `Cannot write to "${this.#shown}"`;
  }

  #closedFailure(): DeviceFailure {
    return new DeviceFailure('closed', `${this.#action()}: the peer closed the connection`);
  }
}

function everything(frames: Lines): WriteOutcome {
  return { settled: frames.ends.length, refused: emptyFrames(frames), failure: null };
}

function nothing(failure: DeviceFailure): WriteOutcome {
  return { settled: 0, refused: [], failure };
}
