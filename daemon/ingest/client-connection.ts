import type { StreamListenerConfig } from '../../config/config.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ConnectionBounds } from './connection-bounds.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { BudgetedReader, MemoryBudget } from './memory-budget.ts';
import type { RecordDoor } from './record-door.ts';
import { type Refusal, refusals } from './refusals.ts';
import { type Reply, replyLines } from './replies.ts';

/** How often a sender that is held back, because no device can record, is looked at again. */
const silentReviewMs = 50;

/** How long a client may take to close once it has had its last reply and the daemon stops. */
const lastRepliesMs = 500;

/** What a connection is made of. */
export interface ConnectionParts {
  readonly socket: ClientSocket;
  readonly replies: StreamListenerConfig['replies'];
  readonly shared: IngestSettings;
  readonly budget: MemoryBudget;
  readonly bounds: ConnectionBounds;
  /** Called once, at once. */
  readonly openDoor: (
    reply: (replies: readonly Reply[]) => void,
    fail: (error: unknown) => void,
  ) => RecordDoor;
}

/** One client of a stream listener: when to read from it, when to hold it back, when to close. */
export class ClientConnection implements BudgetedReader {
  readonly #socket: ClientSocket;
  readonly #shared: IngestSettings;
  readonly #silent: boolean;
  readonly #budget: MemoryBudget;
  readonly #bounds: ConnectionBounds;
  readonly #door: RecordDoor;
  /**
   * `reading` until the client's end of input or the daemon's stop; `stopping` while replies are due and the client
   * may still send; `over` when the input has ended and its last chunk still waits; `ending` when it has ended and
   * replies are due; `ended` when our side has ended and what still comes is thrown away: unread bytes would turn our
   * close into a reset.
   */
  #phase: 'reading' | 'stopping' | 'over' | 'ending' | 'ended' | 'closed' = 'reading';
  /** A chunk of a silent sender that waits until a device can record. */
  #stashed: Buffer | null = null;
  #cancelReview: (() => void) | null = null;
  #cancelTimeout: (() => void) | null = null;

  constructor({ socket, replies, shared, budget, bounds, openDoor }: ConnectionParts) {
    this.#socket = socket;
    this.#shared = shared;
    this.#silent = replies === 'none';
    this.#budget = budget;
    this.#bounds = bounds;
    this.#door = openDoor(
      (due) => this.#reply(due),
      (error) => this.#failed(error),
    );
    budget.join(this);
    shared.counters.connections++;
    shared.counters.connectionsAccepted++;
    socket.on('data', (chunk: Buffer) => this.#guard(() => this.#receive(chunk)));
    socket.on('end', () => this.#guard(() => this.#inputEnded()));
    socket.on('drain', () => this.resume());
    // The close event follows and does what is needed; without a listener an error would end the process.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  get bytes(): number {
    return this.#door.heldBytes + this.#door.inFlightBytes;
  }

  get inFlightBytes(): number {
    return this.#door.inFlightBytes;
  }

  get unfinishedSince(): number | null {
    return this.#door.unfinishedSince;
  }

  giveWay(): void {
    this.#guard(() => this.#refuseUnfinished(refusals.overloaded()));
  }

  /** Its reply may have to wait, and may be one too many to read on before. */
  #refuseUnfinished(refusal: Refusal): void {
    this.#door.refuseUnfinished(refusal);
    this.resume();
  }

  /** Half a record is not held for ever. One timer runs on over many records: most have long ended when it fires. */
  #timeUnfinished(waitMs: number): void {
    this.#cancelTimeout ??= this.#shared.clock.setTimer(waitMs, () => {
      this.#cancelTimeout = null;
      this.#guard(() => this.#endUnfinished());
    });
  }

  #endUnfinished(): void {
    const since = this.#door.unfinishedSince;
    if (since === null) return;
    const { recordTimeoutMs } = this.#shared.limits;
    const left = since + recordTimeoutMs - this.#shared.clock.now();
    // Who is held back cannot end it: the time begins anew.
    if (this.#socket.isPaused()) this.#timeUnfinished(recordTimeoutMs);
    else if (left > 0) this.#timeUnfinished(left);
    else this.#refuseUnfinished(refusals.unfinished(recordTimeoutMs));
  }

  #guard(serve: () => void): void {
    try {
      serve();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Whoever sent what we cannot cope with is ended: what it has no reply to is in doubt, as when a connection breaks. */
  #failed(error: unknown): void {
    this.#shared.onDefect(error);
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#silent && this.#phase === 'reading' && this.#heldBack()) {
      this.#stashed = chunk;
      this.#socket.pause();
      this.#reviewLater();
      return;
    }
    this.#door.receive(chunk);
    this.resume();
    if (this.#door.unfinishedSince !== null) this.#timeUnfinished(this.#shared.limits.recordTimeoutMs);
  }

  /** A sender that cannot be told is not read from while no device can record. */
  #heldBack(): boolean {
    return (
      this.#door.inFlightBytes > this.#bounds.silentBytes ||
      this.#door.inFlightRecords >= this.#bounds.records ||
      !this.#shared.broker.canRecord()
    );
  }

  #reviewLater(): void {
    this.#cancelReview ??= this.#shared.clock.setTimer(silentReviewMs, () => {
      this.#cancelReview = null;
      if (this.#heldBack()) {
        this.#reviewLater();
        return;
      }
      this.#takeStash();
      this.resume();
    });
  }

  #takeStash(): void {
    this.#cancelReview?.();
    this.#cancelReview = null;
    const chunk = this.#stashed;
    this.#stashed = null;
    if (chunk !== null) this.#door.receive(chunk);
    if (this.#phase === 'over') this.#inputEnded();
  }

  #mayRead(): boolean {
    // Asked again: for want of memory a record of its own may have been refused meanwhile, and its reply waits.
    return this.#hasRoom() && this.#budget.mayRead(this) && this.#hasRoom();
  }

  #hasRoom(): boolean {
    return (
      this.#stashed === null &&
      this.#door.inFlightBytes < this.#shared.limits.connectionBytes &&
      this.#door.inFlightRecords < this.#bounds.records &&
      this.#socket.writableLength < this.#bounds.unreadBytes
    );
  }

  /** Reads on if nothing speaks against it, or waits until something has gone out. */
  resume(): void {
    if (this.#phase !== 'reading' && this.#phase !== 'stopping') return;
    const wait = !this.#mayRead();
    if (wait === this.#socket.isPaused()) return;
    if (wait) this.#socket.pause();
    else this.#socket.resume();
  }

  #reply(replies: readonly Reply[]): void {
    if (this.#phase === 'closed') return;
    if (!this.#silent && this.#socket.writable) this.#socket.write(replyLines(replies));
    this.resume();
    this.#endWhenAnswered();
  }

  #inputEnded(): void {
    if (this.#stashed !== null) {
      // A pause does not hold the end back: Node tells of it as soon as its own buffer is empty.
      this.#phase = 'over';
      return;
    }
    if (this.#phase === 'ended') return;
    this.#phase = 'ending';
    this.#door.end();
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    if ((this.#phase !== 'ending' && this.#phase !== 'stopping') || !this.#door.answered) return;
    this.#phase = 'ended';
    this.#door.discard();
    this.#socket.end();
    this.#socket.resume();
  }

  /**
   * Answers what was read and closes; resolves when closed. Call it before the broker stops, so that what was read
   * is still offered to the devices; what comes after is answered `stopping`.
   */
  async stop(): Promise<void> {
    if (this.#phase === 'closed') return;
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    // A client that neither reads nor closes must not keep the daemon.
    this.#socket.once('finish', () =>
      this.#shared.clock.setTimer(lastRepliesMs, () => this.#socket.destroy()),
    );
    this.#takeStash();
    if (this.#phase === 'reading') this.#phase = 'stopping';
    this.resume();
    this.#endWhenAnswered();
    await closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #closed(): void {
    // There is nobody left to hold back, and what was read is to be kept.
    this.#takeStash();
    this.#phase = 'closed';
    this.#cancelTimeout?.();
    this.#door.discard();
    this.#budget.leave(this);
    this.#shared.counters.connections--;
  }
}
