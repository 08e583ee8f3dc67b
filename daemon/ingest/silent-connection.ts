import type { ClientSocket } from './client-socket.ts';
import type { ConnectionBounds } from './connection-bounds.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { BudgetedReader, MemoryBudget } from './memory-budget.ts';
import { QuietWatch } from './quiet-watch.ts';
import type { RecordDoor } from './record-door.ts';
import { RecordTimeout } from './record-timeout.ts';
import { type Refusal, refusals } from './refusals.ts';
import { WaitingChunk } from './waiting-chunk.ts';

/** What a connection is made of. */
export interface SilentParts {
  readonly socket: ClientSocket;
  /** Takes from the client the right to send, and leaves what it has sent. Returns whether that is possible. */
  readonly shutInput: () => boolean;
  readonly shared: IngestSettings;
  readonly budget: MemoryBudget;
  readonly bounds: ConnectionBounds;
  /** Called once, at once. */
  readonly openDoor: (decided: () => void, fail: (error: unknown) => void) => RecordDoor;
}

/**
 * One client that reads no replies. For it a record is kept when its write has succeeded, and nothing can tell it
 * otherwise: so little is taken from it before devices can record it, and nothing that it could send is thrown away.
 */
export class SilentConnection implements BudgetedReader {
  readonly #socket: ClientSocket;
  readonly #shutInput: () => boolean;
  readonly #shared: IngestSettings;
  readonly #budget: MemoryBudget;
  readonly #bounds: ConnectionBounds;
  readonly #door: RecordDoor;
  readonly #timeout: RecordTimeout;
  readonly #waiting: WaitingChunk;
  readonly #quiet: QuietWatch;
  /**
   * `reading` until the daemon's stop; `finishing` while it is read what the client has sent before; `over` when the
   * input has ended and its last chunk still waits; `ending` when it has ended and records are in flight.
   */
  #phase: 'reading' | 'finishing' | 'over' | 'ending' | 'ended' | 'closed' = 'reading';
  /** The daemon's time is over: what comes is given to the devices whatever they do. */
  #hurried = false;
  #tellHeard = (): void => {};

  /** Resolves when all that the client could send has been offered to the devices. */
  readonly heard: Promise<void>;

  constructor({ socket, shutInput, shared, budget, bounds, openDoor }: SilentParts) {
    this.#socket = socket;
    this.#shutInput = shutInput;
    this.#shared = shared;
    this.#budget = budget;
    this.#bounds = bounds;
    this.#door = openDoor(
      () => this.#decided(),
      (error) => this.#failed(error),
    );
    this.#timeout = new RecordTimeout(
      shared,
      this.#door,
      () => socket.isPaused(),
      (refusal) => this.#guard(() => this.#refuseUnfinished(refusal)),
    );
    this.#waiting = new WaitingChunk(
      shared.clock,
      () => this.#heldBack(),
      () => this.#guard(() => this.#takeWaiting()),
    );
    this.#quiet = new QuietWatch(
      shared.clock,
      () => socket.isPaused(),
      () => this.#guard(() => this.#inputEnded()),
    );
    this.heard = new Promise((resolve) => {
      this.#tellHeard = resolve;
    });
    budget.join(this);
    shared.counters.connections++;
    shared.counters.connectionsAccepted++;
    socket.on('data', (chunk: Buffer) => this.#guard(() => this.#receive(chunk)));
    socket.on('end', () => this.#guard(() => this.#inputEnded()));
    // The close event follows and does what is needed; without a listener an error would end the process.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  get bytes(): number {
    return this.#door.heldBytes + this.#door.inFlightBytes + this.#waiting.bytes;
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
    if (this.#heldBack()) {
      this.#waiting.put(chunk);
      this.#socket.pause();
      return;
    }
    this.#take(chunk);
  }

  #take(chunk: Buffer): void {
    this.#door.receive(chunk);
    this.#timeout.watch();
    this.resume();
  }

  #heldBack(): boolean {
    return (
      !this.#hurried &&
      (this.#door.inFlightBytes > this.#bounds.silentBytes ||
        this.#door.inFlightRecords >= this.#bounds.records ||
        !this.#shared.broker.canRecord())
    );
  }

  #takeWaiting(): void {
    const chunk = this.#waiting.take();
    if (chunk !== null) this.#take(chunk);
    if (this.#phase === 'over') this.#inputEnded();
  }

  #mayRead(): boolean {
    // Asked again: for want of memory a record of its own may have been refused meanwhile.
    return this.#hurried || (this.#hasRoom() && this.#budget.mayRead(this) && this.#hasRoom());
  }

  #hasRoom(): boolean {
    return (
      this.#waiting.empty &&
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

  #inputEnded(): void {
    if (!this.#waiting.empty) {
      // A pause does not hold the end back: Node tells of it as soon as its own buffer is empty.
      this.#phase = 'over';
      return;
    }
    this.#quiet.end();
    this.#phase = 'ending';
    this.#door.end();
    this.#tellHeard();
    this.#endWhenDecided();
  }

  #endWhenDecided(): void {
    if (this.#phase !== 'ending' || !this.#door.answered) return;
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
      this.#takeWaiting();
      this.resume();
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
    this.#budget.leave(this);
    this.#shared.counters.connections--;
    this.#tellHeard();
  }

  #keepRest(): void {
    this.#takeWaiting();
    if (this.#phase === 'reading' || this.#phase === 'finishing') this.#door.end();
    this.#door.discard();
  }
}
