import type { StreamListenerConfig } from '../../config/config.ts';
import type { ClientSocket } from './client-socket.ts';
import { ConnectionAccount } from './connection-account.ts';
import type { ConnectionBounds } from './connection-bounds.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { RecordDoor } from './record-door.ts';
import { RecordTimeout } from './record-timeout.ts';
import type { Refusal } from './refusals.ts';
import type { SharedBounds } from './shared-bounds.ts';
import { Turnstile } from './turnstile.ts';
import { UnreadReplies } from './unread-replies.ts';

/** What every connection of a stream listener is made of. */
export interface StreamParts {
  readonly socket: ClientSocket;
  readonly shared: IngestSettings;
  readonly together: SharedBounds;
  readonly bounds: ConnectionBounds;
}

/** The connection that reads from its client through an intake. What is thrown in `receive` or `inputEnded` ends it. */
export interface IntakeOwner {
  /** Called once, at once. */
  openDoor(fail: (error: unknown) => void): RecordDoor;
  receive(chunk: Buffer): void;
  inputEnded(): void;
  /** Asked before records that were read are looked at; after a no, the door is to be told to go on. */
  mayPass(): boolean;
  /** Records that waited have been looked at. */
  passed(): void;
  /** Whether the daemon keeps the client from ending its record. */
  heldBack(): boolean;
  /** Reads on, or does not. */
  resume(): void;
  /** Memory is short: its part of what is stuck is to be given up. */
  giveWay(): void;
  /** Nothing more of it may go on. */
  failed(): void;
  closed(): void;
}

/**
 * How records of one client of a stream come in, whether it is answered or not: through a turnstile, within the bounds of
 * a connection and the memory of all, each record in its time.
 */
export class ClientIntake {
  readonly door: Turnstile;
  readonly account: ConnectionAccount;
  readonly unread: UnreadReplies;
  /** Resolves when nothing is left of the connection. */
  readonly over: Promise<void>;
  readonly #parts: StreamParts;
  readonly #owner: IntakeOwner;
  readonly #timeout: RecordTimeout;
  /** Of two: the connection, and its socket, which takes a moment to close. */
  #endsToCome = 2;
  #tellOver = (): void => {};

  constructor(parts: StreamParts, replies: StreamListenerConfig['replies'], owner: IntakeOwner) {
    const { socket, shared, together, bounds } = parts;
    this.#parts = parts;
    this.#owner = owner;
    const fail = (error: unknown): void => this.#failed(error);
    this.door = new Turnstile({
      door: owner.openDoor(fail),
      turns: together.turns,
      overhead: 0,
      mayPass: () => owner.mayPass(),
      passed: () => owner.passed(),
      fail,
    });
    this.#timeout = new RecordTimeout(
      shared,
      this.door,
      () => owner.heldBack(),
      (refusal) => this.guard(() => this.refuseUnfinished(refusal)),
    );
    this.unread = new UnreadReplies(socket, shared.clock);
    this.account = new ConnectionAccount({
      socket,
      replies,
      bounds,
      costs: together.costs,
      door: this.door,
      unread: this.unread,
      resume: () => owner.resume(),
      giveWay: () => this.guard(() => owner.giveWay()),
    });
    this.over = new Promise((resolve) => {
      this.#tellOver = resolve;
    });
    together.memory.join(this.account);
    shared.counters.connections++;
    shared.counters.connectionsAccepted++;
    socket.on('data', (chunk: Buffer) => this.guard(() => owner.receive(chunk)));
    socket.on('end', () => this.guard(() => owner.inputEnded()));
    // The close event follows and does what is needed; without a listener an error would end the process.
    socket.on('error', () => {});
    socket.on('close', () => {
      shared.counters.connections--;
      this.#oneEnded();
      owner.closed();
    });
  }

  guard(serve: () => void): void {
    try {
      serve();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Whoever sent what we cannot cope with is ended: what it has no reply to is in doubt, as when a connection breaks. */
  #failed(error: unknown): void {
    this.#parts.shared.onDefect(error);
    this.#parts.socket.destroy();
    this.#owner.failed();
  }

  /** To be called whenever bytes were taken: the record that has not ended has its time. */
  watchTime(): void {
    this.#timeout.watch();
  }

  /** Its reply may have to wait, and may be one too many to read on before. */
  refuseUnfinished(refusal: Refusal): void {
    this.door.refuseUnfinished(refusal);
    this.#owner.resume();
  }

  /** Whether nothing of this connection speaks against looking at more of its records. */
  get withinBounds(): boolean {
    const { shared, bounds } = this.#parts;
    return (
      !this.door.scanning &&
      this.door.inFlightBytes < shared.limits.connectionBytes &&
      this.door.inFlightRecords < bounds.records &&
      this.unread.bytes < bounds.unreadBytes
    );
  }

  /** Whether more may be read. Otherwise, where memory is what it waits for, it is resumed later. */
  mayRead(): boolean {
    // Asked again: for want of memory a record of its own may have been refused meanwhile, and its reply waits.
    return this.#hasRoom && this.#parts.together.memory.mayRead(this.account) && this.#hasRoom;
  }

  get #hasRoom(): boolean {
    return this.door.empty && this.withinBounds;
  }

  /** Whether records that were read may be looked at, as far as bounds and memory go. */
  mayPass(): boolean {
    return this.withinBounds && this.#parts.together.memory.mayPass(this.account);
  }

  /** Reads, or waits. */
  read(on: boolean): void {
    const { socket } = this.#parts;
    if (on !== socket.isPaused()) return;
    if (on) socket.resume();
    else socket.pause();
  }

  /** Gives up its part of the memory, which the connection still holds. */
  leaveMemory(): void {
    this.#parts.together.memory.leave(this.account);
  }

  /** Nothing is left of the connection. */
  end(): void {
    this.leaveMemory();
    this.#timeout.cancel();
    this.unread.forget();
    this.door.discard();
    this.#oneEnded();
  }

  #oneEnded(): void {
    this.#endsToCome--;
    if (this.#endsToCome === 0) this.#tellOver();
  }
}
