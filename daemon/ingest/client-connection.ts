import type { StreamListenerConfig } from '../../config/config.ts';
import type { ClientSocket } from './client-socket.ts';
import { ConnectionAccount } from './connection-account.ts';
import type { ConnectionBounds } from './connection-bounds.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { RecordDoor } from './record-door.ts';
import { RecordTimeout } from './record-timeout.ts';
import { type Refusal, refusals } from './refusals.ts';
import { type Reply, replyLines } from './replies.ts';
import type { SharedBounds } from './shared-bounds.ts';
import { Turnstile } from './turnstile.ts';
import { UnreadReplies } from './unread-replies.ts';

/** How long a client may take to close once it has had its last reply and the daemon stops. */
const lastRepliesMs = 500;

/** What a connection is made of. */
export interface ConnectionParts {
  readonly socket: ClientSocket;
  readonly replies: StreamListenerConfig['replies'];
  readonly shared: IngestSettings;
  readonly together: SharedBounds;
  readonly bounds: ConnectionBounds;
  /** Called once, at once. */
  readonly openDoor: (
    reply: (replies: readonly Reply[]) => void,
    fail: (error: unknown) => void,
  ) => RecordDoor;
}

/** One client of a stream listener that answers: when to read from it, when to hold it back, when to close. */
export class ClientConnection {
  readonly #socket: ClientSocket;
  readonly #shared: IngestSettings;
  readonly #together: SharedBounds;
  readonly #bounds: ConnectionBounds;
  readonly #door: Turnstile;
  readonly #timeout: RecordTimeout;
  readonly #unread: UnreadReplies;
  readonly #account: ConnectionAccount;
  /**
   * `reading` until the client's end of input or the daemon's stop; `stopping` while replies are due and the client
   * may still send; `ending` when the input has ended and replies are due; `ended` when our side has ended and what
   * still comes is thrown away: unread bytes would turn our close into a reset.
   */
  #phase: 'reading' | 'stopping' | 'ending' | 'ended' | 'closed' = 'reading';

  constructor({ socket, replies, shared, together, bounds, openDoor }: ConnectionParts) {
    this.#socket = socket;
    this.#shared = shared;
    this.#unread = new UnreadReplies(socket, shared.clock);
    this.#together = together;
    this.#bounds = bounds;
    const fail = (error: unknown): void => this.#failed(error);
    this.#door = new Turnstile({
      door: openDoor((due) => this.#reply(due), fail),
      turns: together.turns,
      overhead: 0,
      mayPass: () => this.#withinBounds() && together.memory.mayPass(this.#account),
      passed: () => this.#passed(),
      fail,
    });
    this.#timeout = new RecordTimeout(
      shared,
      this.#door,
      () => socket.isPaused(),
      (refusal) => this.#guard(() => this.#refuseUnfinished(refusal)),
    );
    this.#account = new ConnectionAccount({
      replies,
      bounds,
      costs: together.costs,
      door: this.#door,
      unread: this.#unread,
      resume: () => this.resume(),
      giveWay: () => this.#giveWay(),
    });
    together.memory.join(this.#account);
    shared.counters.connections++;
    shared.counters.connectionsAccepted++;
    socket.on('data', (chunk: Buffer) => this.#guard(() => this.#receive(chunk)));
    socket.on('end', () => this.#guard(() => this.#inputEnded()));
    socket.on('drain', () => this.resume());
    // The close event follows and does what is needed; without a listener an error would end the process.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#account.bytes;
  }

  /** Of these, those of records in flight. */
  get inFlightBytes(): number {
    return this.#account.inFlightBytes;
  }

  /** Of these, those that wait for the client. */
  get stuckBytes(): number {
    return this.#account.stuckBytes;
  }

  #giveWay(): void {
    if (this.#door.heldBytes > 0) {
      this.#guard(() => this.#refuseUnfinished(refusals.overloaded()));
      return;
    }
    // Its client does not read what it is told.
    this.#together.memory.leave(this.#account);
    this.#socket.destroy();
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
    this.#passed();
  }

  #passed(): void {
    if (this.#phase === 'closed') return;
    this.resume();
    this.#timeout.watch();
    this.#endWhenAnswered();
  }

  #mayRead(): boolean {
    // Asked again: for want of memory a record of its own may have been refused meanwhile, and its reply waits.
    return this.#hasRoom() && this.#together.memory.mayRead(this.#account) && this.#hasRoom();
  }

  #hasRoom(): boolean {
    return this.#door.empty && this.#withinBounds();
  }

  #withinBounds(): boolean {
    return (
      !this.#door.scanning &&
      this.#door.inFlightBytes < this.#shared.limits.connectionBytes &&
      this.#door.inFlightRecords < this.#bounds.records &&
      this.#unread.bytes < this.#bounds.unreadBytes
    );
  }

  /** Reads on if nothing speaks against it, or waits until something has gone out. */
  resume(): void {
    this.#door.goOn();
    if (this.#phase !== 'reading' && this.#phase !== 'stopping') return;
    const wait = !this.#mayRead();
    if (wait === this.#socket.isPaused()) return;
    if (wait) this.#socket.pause();
    else this.#socket.resume();
  }

  #reply(replies: readonly Reply[]): void {
    if (this.#phase === 'closed') return;
    if (replies.length > 0 && this.#socket.writable) this.#unread.write(replyLines(replies));
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
    this.#together.memory.leave(this.#account);
    this.#phase = 'closed';
    this.#timeout.cancel();
    this.#unread.forget();
    this.#door.discard();
    this.#shared.counters.connections--;
  }
}
