import { ClientIntake, type StreamParts } from './client-intake.ts';
import { DeviceReview } from './device-review.ts';
import { QuietWatch } from './quiet-watch.ts';
import type { RecordDoor } from './record-door.ts';
import { refusals } from './refusals.ts';

export interface SilentParts extends StreamParts {
  /** Takes from the client the right to send, and leaves what it has sent. Returns whether that is possible. */
  readonly shutInput: () => boolean;
  /** Whether the client is known to be gone; what it has sent can still be read. */
  readonly peerGone: () => boolean;
  /** Called once, at once. */
  readonly openDoor: (decided: () => void, fail: (error: unknown) => void) => RecordDoor;
}

/**
 * One client that reads no replies. For it a record is kept when its write has succeeded, and nothing can tell it
 * otherwise: so little is taken from it before devices can record it, and nothing that it could send is thrown away.
 */
export class SilentConnection {
  readonly #parts: SilentParts;
  readonly #intake: ClientIntake;
  readonly #quiet: QuietWatch;
  readonly #review: DeviceReview;
  /**
   * `reading` until the daemon's stop; `finishing` while it is read what the client has sent before; `ending` when the
   * input has ended and records wait or are in flight; `left` when the socket is closed besides, because the client is gone.
   */
  #phase: 'reading' | 'finishing' | 'ending' | 'left' | 'ended' | 'closed' = 'reading';
  /** Who is gone is held back no longer: all that it has sent is taken from the system, as far as memory goes. */
  #client: 'there' | 'gone' = 'there';
  /** Memory was granted for a read that has not come yet: it is not asked for again, and not taken back. */
  #isReadGranted = false;
  /** The daemon's time is over: what comes is given to the devices whatever they do. */
  #hurried = false;
  #tellHeard = (): void => {};

  /** Resolves when all that the client could send has been offered to the devices. */
  readonly heard: Promise<void>;

  constructor(parts: SilentParts) {
    this.#parts = parts;
    const { socket, shared } = parts;
    this.#review = new DeviceReview(shared.clock, () => this.#intake.guard(() => this.#look()));
    this.#quiet = new QuietWatch(
      shared.clock,
      () => socket.isPaused(),
      () => this.#intake.guard(() => this.#inputEnded()),
    );
    this.heard = new Promise((resolve) => {
      this.#tellHeard = resolve;
    });
    this.#intake = new ClientIntake(parts, 'none', {
      openDoor: (fail) => parts.openDoor(() => this.#decided(), fail),
      receive: (chunk) => this.#receive(chunk),
      inputEnded: () => this.#inputEnded(),
      mayPass: () => this.#mayPass(),
      passed: () => this.#passed(),
      heldBack: () => socket.isPaused() || this.#client === 'gone',
      resume: () => this.resume(),
      giveWay: () => this.#intake.refuseUnfinished(refusals.overloaded()),
      failed: () => this.#failed(),
      closed: () => this.#closed(),
    });
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#intake.account.bytes + this.#intake.door.waitingBytes;
  }

  /** Of these, those of records in flight. */
  get inFlightBytes(): number {
    return this.#intake.account.inFlightBytes;
  }

  /** Resolves when it is closed. */
  get over(): Promise<void> {
    return this.#intake.over;
  }

  #receive(chunk: Buffer): void {
    this.#isReadGranted = false;
    this.#quiet.heard();
    this.#intake.door.receive(chunk);
    if (this.#hurried) this.#intake.door.flush();
    this.#passed();
  }

  #passed(): void {
    if (this.#phase === 'closed') return;
    this.#intake.watchTime();
    this.resume();
    this.#endWhenDecided();
  }

  /** Whether records that were read may be looked at: a device can take them, and there is room. */
  #mayPass(): boolean {
    const { shared, bounds } = this.#parts;
    const held = this.#intake.door.inFlightBytes > bounds.silentBytes || !shared.broker.canRecord();
    if ((!held && this.#intake.mayPass()) || this.#hurried) return true;
    this.#review.later();
    return false;
  }

  #mayRead(): boolean {
    if (this.#hurried || this.#intake.mayRead()) return true;
    if (this.#client === 'gone') this.#isReadGranted ||= this.#parts.together.memory.mayKeep();
    return this.#isReadGranted;
  }

  /** Reads on if nothing speaks against it, or waits until something has been decided. */
  resume(): void {
    if (!this.#inputOpen) return;
    const may = this.#mayRead();
    this.#intake.read(may);
    if (!may) this.#review.later();
  }

  get #inputOpen(): boolean {
    return this.#phase === 'reading' || this.#phase === 'finishing';
  }

  /** Another look at a client that is held back, or waits for what it has sent. */
  #look(): void {
    this.#intake.door.goOn();
    const waits = this.#phase === 'ending' || this.#parts.socket.isPaused();
    if (waits && this.#client === 'there' && this.#parts.peerGone()) this.#client = 'gone';
    this.resume();
    this.#endWhenDecided();
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
    this.#intake.door.end();
    if (!this.#intake.door.answered && this.#parts.peerGone()) this.#client = 'gone';
    this.#endWhenDecided();
  }

  #endWhenDecided(): void {
    if (this.#phase !== 'ending' && this.#phase !== 'left') return;
    const { door } = this.#intake;
    if (door.empty) this.#tellHeard();
    if (!door.answered) this.#wait();
    else if (this.#phase === 'left') this.#finish();
    else this.#endSocket();
  }

  /** Who is gone waits without a socket, and so without a place among the connections. */
  #wait(): void {
    if (this.#phase === 'left') return;
    if (this.#client === 'there') {
      this.#review.later();
      return;
    }
    this.#phase = 'left';
    this.#parts.socket.destroy();
  }

  #endSocket(): void {
    this.#phase = 'ended';
    // A client that may still send need not end.
    if (this.#quiet.begun) this.#parts.socket.destroy();
    else this.#parts.socket.end();
  }

  /**
   * Takes the right to send from the client, reads what it has sent, and closes when all of that is decided; resolves
   * when closed. Devices are waited for as ever, until `hurry`.
   */
  async stop(): Promise<void> {
    if (this.#phase === 'reading') {
      this.#phase = 'finishing';
      if (!this.#parts.shutInput()) this.#quiet.begin();
    }
    await this.#intake.over;
  }

  /** Waits for devices no longer: they keep what is left as well as they can, and count what they cannot. */
  hurry(): void {
    this.#hurried = true;
    this.#intake.guard(() => {
      this.#intake.door.flush();
      this.#passed();
    });
  }

  destroy(): void {
    this.#parts.socket.destroy();
    if (this.#phase === 'left') this.#finish();
  }

  #failed(): void {
    if (this.#phase === 'left') this.#finish();
  }

  #closed(): void {
    if (this.#phase !== 'left') this.#finish();
  }

  /** There is nobody left to hold back, and what was read is to be kept. */
  #finish(): void {
    if (this.#phase === 'closed') return;
    const inputOpen = this.#inputOpen;
    this.#phase = 'closed';
    this.#intake.guard(() => this.#keepRest(inputOpen));
    this.#quiet.end();
    this.#review.cancel();
    this.#intake.end();
    this.#tellHeard();
  }

  #keepRest(inputOpen: boolean): void {
    const { door } = this.#intake;
    door.flush();
    if (inputOpen) door.end();
    door.discard();
  }
}
