import type { StreamListenerConfig } from '../../config/config.ts';
import { ClientIntake, type StreamParts } from './client-intake.ts';
import type { RecordDoor } from './record-door.ts';
import { refusals } from './refusals.ts';
import { type Reply, replyLines } from './replies.ts';

/** How long a client may take to close once it has had its last reply and the daemon stops. */
const lastRepliesMs = 500;

export interface ConnectionParts extends StreamParts {
  readonly replies: StreamListenerConfig['replies'];
  /** Called once, at once. */
  readonly openDoor: (
    reply: (replies: readonly Reply[]) => void,
    fail: (error: unknown) => void,
  ) => RecordDoor;
}

/** One client of a stream listener that answers: when to read from it, when to hold it back, when to close. */
export class ClientConnection {
  readonly #parts: StreamParts;
  readonly #intake: ClientIntake;
  /**
   * `reading` until the client's end of input or the daemon's stop; `stopping` while replies are due and the client
   * may still send; `ending` when the input has ended and replies are due; `ended` when our side has ended and what
   * still comes is thrown away: unread bytes would turn our close into a reset.
   */
  #phase: 'reading' | 'stopping' | 'ending' | 'ended' | 'closed' = 'reading';

  constructor({ replies, openDoor, ...parts }: ConnectionParts) {
    this.#parts = parts;
    this.#intake = new ClientIntake(parts, replies, {
      openDoor: (fail) => openDoor((due) => this.#reply(due), fail),
      receive: (chunk) => this.#receive(chunk),
      inputEnded: () => this.#inputEnded(),
      mayPass: () => this.#intake.mayPass(),
      passed: () => this.#passed(),
      heldBack: () => parts.socket.isPaused(),
      resume: () => this.resume(),
      giveWay: () => this.#giveWay(),
      failed: () => {},
      closed: () => this.#closed(),
    });
    parts.socket.on('drain', () => this.resume());
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#intake.account.bytes;
  }

  /** Of these, those of records in flight. */
  get inFlightBytes(): number {
    return this.#intake.account.inFlightBytes;
  }

  /** Of these, those that wait for the client. */
  get stuckBytes(): number {
    return this.#intake.account.stuckBytes;
  }

  /** Resolves when it is closed. */
  get over(): Promise<void> {
    return this.#intake.over;
  }

  #giveWay(): void {
    if (this.#intake.door.heldBytes > 0) {
      this.#intake.refuseUnfinished(refusals.overloaded());
      return;
    }
    // Its client does not read what it is told.
    this.#intake.leaveMemory();
    this.#parts.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#intake.door.receive(chunk);
    this.#passed();
  }

  #passed(): void {
    if (this.#phase === 'closed') return;
    this.resume();
    this.#intake.watchTime();
    this.#endWhenAnswered();
  }

  /** Reads on if nothing speaks against it, or waits until something has gone out. */
  resume(): void {
    this.#intake.door.goOn();
    if (this.#phase === 'reading' || this.#phase === 'stopping') this.#intake.read(this.#intake.mayRead());
  }

  #reply(replies: readonly Reply[]): void {
    if (this.#phase === 'closed') return;
    if (replies.length > 0 && this.#parts.socket.writable) this.#intake.unread.write(replyLines(replies));
    this.resume();
    this.#endWhenAnswered();
  }

  #inputEnded(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ending';
    this.#intake.door.end();
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    const { door } = this.#intake;
    if ((this.#phase !== 'ending' && this.#phase !== 'stopping') || !door.answered) return;
    this.#phase = 'ended';
    door.discard();
    this.#parts.socket.end();
    this.#parts.socket.resume();
  }

  /**
   * Answers what was read and closes; resolves when closed. Call it before the broker stops, so that what was read
   * is still offered to the devices; what comes after is answered `stopping`.
   */
  async stop(): Promise<void> {
    if (this.#phase === 'closed') return;
    const { socket, shared } = this.#parts;
    // A client that neither reads nor closes must not keep the daemon.
    socket.once('finish', () => shared.clock.setTimer(lastRepliesMs, () => socket.destroy()));
    if (this.#phase === 'reading') this.#phase = 'stopping';
    this.resume();
    this.#endWhenAnswered();
    await this.#intake.over;
  }

  destroy(): void {
    this.#parts.socket.destroy();
  }

  #closed(): void {
    this.#phase = 'closed';
    this.#intake.end();
  }
}
