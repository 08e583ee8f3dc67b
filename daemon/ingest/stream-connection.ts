import type { Socket } from 'node:net';
import type { StreamListenerConfig } from '../../config/config.ts';
import type { BudgetedReader, MemoryBudget } from './memory-budget.ts';
import { type IngestSettings, Session } from './session.ts';

/** Records in flight per connection: bounds what tiny records cost beside their bytes. */
const maxRecordsInFlight = 65_536;

/** Reply bytes a sender may leave unread before nothing more is read from it. */
const maxUnreadReplyBytes = 64 * 1024;

/**
 * Bytes in flight on a connection whose sender reads no replies: it cannot be told that a record was not kept, so
 * little is taken from it before the devices have it.
 */
const maxSilentBytes = 256 * 1024;

/** How often a sender that is held back, because no device can record, is looked at again. */
const silentReviewMs = 50;

/** How long a client may take to read its last replies once the daemon stops. */
const lastRepliesMs = 500;

/** One client of a stream listener: when to read from it, when to hold it back, when to close. */
export class StreamConnection implements BudgetedReader {
  readonly #socket: Socket;
  readonly #shared: IngestSettings;
  readonly #silent: boolean;
  readonly #budget: MemoryBudget;
  readonly #session: Session;
  /**
   * `reading` until the client's end of input or the daemon's stop; `over` when the input has ended and its last
   * chunk still waits; `ending` while replies are due.
   */
  #phase: 'reading' | 'over' | 'ending' | 'closed' = 'reading';
  /** A chunk of a silent sender that waits until a device can record. */
  #stashed: Buffer | null = null;
  #timer: (() => void) | null = null;

  constructor(socket: Socket, listener: StreamListenerConfig, shared: IngestSettings, budget: MemoryBudget) {
    this.#socket = socket;
    this.#shared = shared;
    this.#silent = listener.replies === 'none';
    this.#budget = budget;
    this.#session = new Session(shared, listener, (replies) => this.#reply(replies));
    budget.join(this);
    shared.counters.connections++;
    shared.counters.connectionsAccepted++;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#inputEnded());
    socket.on('drain', () => this.resume());
    // The close event follows and does what is needed; without a listener an error would end the process.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  get bytes(): number {
    return this.#session.heldBytes + this.#session.inFlightBytes;
  }

  get inFlightBytes(): number {
    return this.#session.inFlightBytes;
  }

  #receive(chunk: Buffer): void {
    if (this.#silent && this.#heldBack()) {
      this.#stashed = chunk;
      this.#socket.pause();
      this.#reviewLater();
      return;
    }
    this.#session.receive(chunk);
    if (!this.#mayRead()) this.#socket.pause();
  }

  /** A sender that cannot be told is not read from while no device can record. */
  #heldBack(): boolean {
    return this.#session.inFlightBytes > maxSilentBytes || !this.#shared.broker.canRecord();
  }

  #reviewLater(): void {
    this.#timer ??= this.#shared.clock.setTimer(silentReviewMs, () => {
      this.#timer = null;
      if (this.#heldBack()) {
        this.#reviewLater();
        return;
      }
      this.#takeStash();
      this.resume();
    });
  }

  #takeStash(): void {
    const chunk = this.#stashed;
    this.#stashed = null;
    if (chunk !== null) this.#session.receive(chunk);
    if (this.#phase === 'over') this.#inputEnded();
  }

  #mayRead(): boolean {
    return (
      this.#stashed === null &&
      this.#session.inFlightBytes < this.#shared.limits.connectionBytes &&
      this.#session.inFlightRecords < maxRecordsInFlight &&
      this.#socket.writableLength < maxUnreadReplyBytes &&
      this.#budget.mayRead(this)
    );
  }

  /** Reads on if nothing speaks against it. */
  resume(): void {
    if (this.#phase === 'reading' && this.#socket.isPaused() && this.#mayRead()) this.#socket.resume();
  }

  #reply(replies: Buffer): void {
    if (this.#phase === 'closed') return;
    if (replies.length > 0 && this.#socket.writable) this.#socket.write(replies);
    this.resume();
    this.#endWhenAnswered();
  }

  #inputEnded(): void {
    if (this.#stashed !== null) {
      // A pause does not hold the end back: Node tells of it as soon as its own buffer is empty.
      this.#phase = 'over';
      return;
    }
    this.#session.end();
    if (this.#phase !== 'closed') this.#phase = 'ending';
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    if (this.#phase === 'ending' && this.#session.inFlightRecords === 0) this.#socket.end();
  }

  /**
   * Answers what was read and closes; resolves when closed. Call it before the broker stops, so that what was read
   * is still offered to the devices; what comes after is answered `stopping`.
   */
  async stop(): Promise<void> {
    if (this.#phase === 'closed') return;
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.#takeStash();
    this.#phase = 'ending';
    this.#socket.resume();
    this.#endWhenAnswered();
    // A client that neither reads nor closes must not keep the daemon.
    this.#socket.once('finish', () =>
      this.#shared.clock.setTimer(lastRepliesMs, () => this.#socket.destroy()),
    );
    await closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #closed(): void {
    this.#timer?.();
    // There is nobody left to hold back, and what was read is to be kept.
    this.#takeStash();
    this.#phase = 'closed';
    this.#session.discard();
    this.#budget.leave(this);
    this.#shared.counters.connections--;
  }
}
