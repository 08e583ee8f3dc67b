import type { RecordDoor } from '../../daemon/ingest/record-door.ts';
import type { Refusal } from '../../daemon/ingest/refusals.ts';
import type { ReplyOracle } from './reply-oracle.ts';
import type { ClientPlan } from './scenario.ts';
import type { SimulatedDaemon } from './simulated-daemon.ts';
import type { SimulatedSocket } from './simulated-socket.ts';
import type { World } from './world.ts';

export interface DoorWatchSettings {
  readonly world: World;
  readonly daemon: SimulatedDaemon;
  readonly plan: ClientPlan;
  readonly oracle: ReplyOracle;
  readonly socket: SimulatedSocket;
  readonly door: RecordDoor;
  readonly onRead: (bytes: number, records: number) => void;
}

/** A session that also tells the oracle what it is about to take, and checks that the connection may give it any. */
export class DoorWatch implements RecordDoor {
  readonly #settings: DoorWatchSettings;
  readonly #door: RecordDoor;
  #discarded = false;
  #passedBytes = 0;

  constructor(settings: DoorWatchSettings) {
    this.#settings = settings;
    this.#door = settings.door;
  }

  /** Bytes that the daemon was given, and has not looked at. */
  get waitingBytes(): number {
    return this.#settings.socket.told.bytes - this.#passedBytes;
  }

  get heldBytes(): number {
    return this.#door.heldBytes;
  }

  get inFlightBytes(): number {
    return this.#door.inFlightBytes;
  }

  get inFlightRecords(): number {
    return this.#door.inFlightRecords;
  }

  get inFlightPlaces(): number {
    return this.#door.inFlightPlaces;
  }

  get answered(): boolean {
    return this.#door.answered;
  }

  get scanning(): boolean {
    return this.#door.scanning;
  }

  get unfinishedSince(): number | null {
    return this.#door.unfinishedSince;
  }

  refuseUnfinished(refusal: Refusal): void {
    if (this.#door.heldBytes > 0) this.#settings.oracle.gaveWay();
    this.#door.refuseUnfinished(refusal);
  }

  receive(chunk: Buffer): void {
    const { oracle, onRead } = this.#settings;
    const held = this.#door.heldBytes;
    const { length } = chunk;
    if (!this.#discarded) this.#checkBounds();
    this.#passedBytes += length;
    const records = this.#discarded ? oracle.passesOver(length) : oracle.reads(length);
    this.#door.receive(chunk);
    onRead(held + length, records);
  }

  end(): void {
    const { oracle, onRead } = this.#settings;
    const held = this.#door.heldBytes;
    const records = this.#discarded ? 0 : oracle.inputEnds();
    this.#door.end();
    onRead(held, records);
  }

  discard(): void {
    this.#discarded = true;
    this.#door.discard();
  }

  #checkBounds(): void {
    const { world, daemon, plan, socket } = this.#settings;
    const { bounds, situation } = daemon;
    const { last } = socket.told;
    const waiting = this.waitingBytes;
    const silent = plan.replies === 'none';
    // What a silent client who is gone has left is read, and waits.
    if (waiting > last && !(silent && socket.clientGone))
      world.violated('back pressure', `read on while ${waiting} bytes waited`);
    // At a stop what is left of a silent sender is taken in the end, because nothing could tell it otherwise.
    if (silent && (situation.stopping || daemon.isStopping)) return;
    const wrong = (what: string): void => world.violated('back pressure', `read on with ${what}`);
    if (this.#door.scanning) wrong('a large record that is being scanned');
    if (this.#door.inFlightBytes >= daemon.limits.connectionBytes)
      wrong(`${this.#door.inFlightBytes} bytes in flight`);
    if (this.#door.inFlightRecords >= bounds.records)
      wrong(`${this.#door.inFlightRecords} records in flight`);
    if (socket.writableLength >= bounds.unreadBytes)
      wrong(`${socket.writableLength} bytes of replies unread`);
    if (silent && this.#door.inFlightBytes > bounds.silentBytes)
      wrong('much in flight of one that reads no replies');
    if (silent && !daemon.broker.canRecord())
      wrong('no device that can record, from one that reads no replies');
  }
}
