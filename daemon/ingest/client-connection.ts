import type { ClientSocket } from './client-socket.ts';
import type { ConnectionBounds } from './connection-bounds.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { BudgetedReader, MemoryBudget } from './memory-budget.ts';
import type { RecordDoor } from './record-door.ts';
import { RecordTimeout } from './record-timeout.ts';
import { type Refusal, refusals } from './refusals.ts';
import { type Reply, replyLines } from './replies.ts';

/** How long a client may take to close once it has had its last reply and the daemon stops. */
const lastRepliesMs = 500;

/** What a connection is made of. */
export interface ConnectionParts {
  readonly socket: ClientSocket;
  readonly shared: IngestSettings;
  readonly budget: MemoryBudget;
  readonly bounds: ConnectionBounds;
  /** Called once, at once. */
  readonly openDoor: (
    reply: (replies: readonly Reply[]) => void,
    fail: (error: unknown) => void,
  ) => RecordDoor;
}

/** One client of a stream listener that answers: when to read from it, when to hold it back, when to close. */
export class ClientConnection implements BudgetedReader {
  readonly #socket: ClientSocket;
  readonly #shared: IngestSettings;
  readonly #budget: MemoryBudget;
  readonly #bounds: ConnectionBounds;
  readonly #door: RecordDoor;
  readonly #timeout: RecordTimeout;
  /**
   * `reading` until the client's end of input or the daemon's stop; `stopping` while replies are due and the client
   * may still send; `ending` when the input has ended and replies are due; `ended` when our side has ended and what
   * still comes is thrown away: unread bytes would turn our close into a reset.
   */
  #phase: 'reading' | 'stopping' | 'ending' | 'ended' | 'closed' = 'reading';

  constructor({ socket, shared, budget, bounds, openDoor }: ConnectionParts) {
    this.#socket = socket;
    this.#shared = shared;
    this.#budget = budget;
    this.#bounds = bounds;
    this.#door = openDoor(
      (due) => this.#reply(due),
      (error) => this.#failed(error),
    );
    this.#timeout = new RecordTimeout(
      shared,
      this.#door,
      () => socket.isPaused(),
      (refusal) => this.#guard(() => this.#refuseUnfinished(refusal)),
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
    this.#door.receive(chunk);
    this.resume();
    this.#timeout.watch();
  }

  #mayRead(): boolean {
    // Asked again: for want of memory a record of its own may have been refused meanwhile, and its reply waits.
    return this.#hasRoom() && this.#budget.mayRead(this) && this.#hasRoom();
  }

  #hasRoom(): boolean {
    return (
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
    if (this.#socket.writable) this.#socket.write(replyLines(replies));
    this.resume();
    this.#endWhenAnswered();
  }

  #inputEnded(): void {
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
    if (this.#phase === 'reading') this.#phase = 'stopping';
    this.resume();
    this.#endWhenAnswered();
    await closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #closed(): void {
    this.#phase = 'closed';
    this.#timeout.cancel();
    this.#door.discard();
    this.#budget.leave(this);
    this.#shared.counters.connections--;
  }
}
