import type { ClientSocket } from './client-socket.ts';
import { ConnectionAccount } from './connection-account.ts';
import type { ConnectionBounds } from './connection-bounds.ts';
import { DeviceReview } from './device-review.ts';
import type { IngestSettings } from './ingest-settings.ts';
import { QuietWatch } from './quiet-watch.ts';
import type { RecordDoor } from './record-door.ts';
import { RecordTimeout } from './record-timeout.ts';
import { type Refusal, refusals } from './refusals.ts';
import type { SharedBounds } from './shared-bounds.ts';
import { Turnstile } from './turnstile.ts';
import { UnreadReplies } from './unread-replies.ts';

/** What a connection is made of. */
export interface SilentParts {
  readonly socket: ClientSocket;
  /** Takes from the client the right to send, and leaves what it has sent. Returns whether that is possible. */
  readonly shutInput: () => boolean;
  readonly shared: IngestSettings;
  readonly together: SharedBounds;
  readonly bounds: ConnectionBounds;
  /** Called once, at once. */
  readonly openDoor: (decided: () => void, fail: (error: unknown) => void) => RecordDoor;
}

/**
 * One client that reads no replies. For it a record is kept when its write has succeeded, and nothing can tell it
 * otherwise: so little is taken from it before devices can record it, and nothing that it could send is thrown away.
 */
export class SilentConnection {
  readonly #socket: ClientSocket;
  readonly #shutInput: () => boolean;
  readonly #shared: IngestSettings;
  readonly #together: SharedBounds;
  readonly #bounds: ConnectionBounds;
  readonly #door: Turnstile;
  readonly #account: ConnectionAccount;
  readonly #timeout: RecordTimeout;
  readonly #quiet: QuietWatch;
  readonly #review: DeviceReview;
  /**
   * `reading` until the daemon's stop; `finishing` while it is read what the client has sent before; `ending` when the
   * input has ended and records wait or are in flight.
   */
  #phase: 'reading' | 'finishing' | 'ending' | 'ended' | 'closed' = 'reading';
  /** The daemon's time is over: what comes is given to the devices whatever they do. */
  #hurried = false;
  #tellHeard = (): void => {};

  /** Resolves when all that the client could send has been offered to the devices. */
  readonly heard: Promise<void>;

  constructor({ socket, shutInput, shared, together, bounds, openDoor }: SilentParts) {
    this.#socket = socket;
    this.#shutInput = shutInput;
    this.#shared = shared;
    this.#together = together;
    this.#bounds = bounds;
    const fail = (error: unknown): void => this.#failed(error);
    this.#door = new Turnstile({
      door: openDoor(() => this.#decided(), fail),
      turns: together.turns,
      overhead: 0,
      mayPass: () => this.#mayPass(),
      passed: () => this.#passed(),
      fail,
    });
    this.#timeout = new RecordTimeout(
      shared,
      this.#door,
      () => socket.isPaused(),
      (refusal) => this.#guard(() => this.#refuseUnfinished(refusal)),
    );
    this.#review = new DeviceReview(shared.clock, () => this.#door.goOn());
    this.#quiet = new QuietWatch(
      shared.clock,
      () => socket.isPaused(),
      () => this.#guard(() => this.#inputEnded()),
    );
    this.heard = new Promise((resolve) => {
      this.#tellHeard = resolve;
    });
    this.#account = new ConnectionAccount({
      replies: 'none',
      bounds,
      costs: together.costs,
      door: this.#door,
      unread: new UnreadReplies(socket, shared.clock),
      resume: () => this.resume(),
      giveWay: () => this.#guard(() => this.#refuseUnfinished(refusals.overloaded())),
    });
    together.memory.join(this.#account);
    shared.counters.connections++;
    shared.counters.connectionsAccepted++;
    socket.on('data', (chunk: Buffer) => this.#guard(() => this.#receive(chunk)));
    socket.on('end', () => this.#guard(() => this.#inputEnded()));
    // The close event follows and does what is needed; without a listener an error would end the process.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#account.bytes + this.#door.waitingBytes;
  }

  /** Of these, those of records in flight. */
  get inFlightBytes(): number {
    return this.#account.inFlightBytes;
  }

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

  /** Whoever sent what we cannot cope with is ended. */
  #failed(error: unknown): void {
    this.#shared.onDefect(error);
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#quiet.heard();
    this.#door.receive(chunk);
    if (this.#hurried) this.#door.flush();
    this.#passed();
  }

  #passed(): void {
    if (this.#phase === 'closed') return;
    this.#timeout.watch();
    this.resume();
    this.#endWhenDecided();
  }

  /** Whether records that were read may be looked at: a device can take them, and there is room. */
  #mayPass(): boolean {
    const held = this.#door.inFlightBytes > this.#bounds.silentBytes || !this.#shared.broker.canRecord();
    const may = !held && this.#withinBounds() && this.#together.memory.mayPass(this.#account);
    if (may || this.#hurried) return true;
    this.#review.later();
    return false;
  }

  #mayRead(): boolean {
    // Asked again: for want of memory a record of its own may have been refused meanwhile.
    return (
      this.#hurried || (this.#hasRoom() && this.#together.memory.mayRead(this.#account) && this.#hasRoom())
    );
  }

  #hasRoom(): boolean {
    return this.#door.empty && this.#withinBounds();
  }

  #withinBounds(): boolean {
    return (
      !this.#door.scanning &&
      this.#door.inFlightBytes < this.#shared.limits.connectionBytes &&
      this.#door.inFlightRecords < this.#bounds.records
    );
  }

  /** Reads on if nothing speaks against it, or waits until something has been decided. */
  resume(): void {
    if (this.#phase !== 'reading' && this.#phase !== 'finishing') return;
    const wait = !this.#mayRead();
    if (wait === this.#socket.isPaused()) return;
    if (wait) this.#socket.pause();
    else this.#socket.resume();
  }

  #decided(): void {
    if (this.#phase === 'closed') return;
    this.resume();
    this.#endWhenDecided();
  }

  /** A pause does not hold the end back: Node tells of it as soon as its own buffer is empty. The door keeps it behind what waits. */
  #inputEnded(): void {
    this.#quiet.end();
    this.#phase = 'ending';
    this.#door.end();
    this.#endWhenDecided();
  }

  #endWhenDecided(): void {
    if (this.#phase !== 'ending') return;
    if (this.#door.empty) this.#tellHeard();
    if (!this.#door.answered) return;
    this.#phase = 'ended';
    // A client that may still send need not end.
    if (this.#quiet.begun) this.#socket.destroy();
    else this.#socket.end();
  }

  /**
   * Takes the right to send from the client, reads what it has sent, and closes when all of that is decided; resolves
   * when closed. Devices are waited for as ever, until `hurry`.
   */
  async stop(): Promise<void> {
    if (this.#phase === 'closed') return;
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    if (this.#phase === 'reading') {
      this.#phase = 'finishing';
      if (!this.#shutInput()) this.#quiet.begin();
    }
    await closed;
  }

  /** Waits for devices no longer: they keep what is left as well as they can, and count what they cannot. */
  hurry(): void {
    this.#hurried = true;
    this.#guard(() => {
      this.#door.flush();
      this.#passed();
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #closed(): void {
    // There is nobody left to hold back, and what was read is to be kept.
    this.#guard(() => this.#keepRest());
    this.#phase = 'closed';
    this.#timeout.cancel();
    this.#quiet.end();
    this.#review.cancel();
    this.#together.memory.leave(this.#account);
    this.#shared.counters.connections--;
    this.#tellHeard();
  }

  #keepRest(): void {
    this.#door.flush();
    if (this.#phase === 'reading' || this.#phase === 'finishing') this.#door.end();
    this.#door.discard();
  }
}
