import type { RecordDoor } from '../../daemon/ingest/record-door.ts';
import type { Refusal } from '../../daemon/ingest/refusals.ts';
import type { OpenSession, Tell } from './sabotage.ts';

const newline = 0x0a;

/** Chunks of one connection take turns between two sessions, whose replies go out as they are decided. */
export class TwoSessions implements RecordDoor {
  #current: RecordDoor;
  #other: RecordDoor;

  constructor(open: OpenSession, tell: Tell) {
    this.#current = open(tell);
    this.#other = open(tell);
  }

  get heldBytes(): number {
    return this.#current.heldBytes;
  }

  get inFlightBytes(): number {
    return this.#current.inFlightBytes + this.#other.inFlightBytes;
  }

  get inFlightRecords(): number {
    return this.#current.inFlightRecords + this.#other.inFlightRecords;
  }

  get inFlightPlaces(): number {
    return this.#current.inFlightPlaces + this.#other.inFlightPlaces;
  }

  get answered(): boolean {
    return this.#current.answered && this.#other.answered;
  }

  get scanning(): boolean {
    return this.#current.scanning || this.#other.scanning;
  }

  get unfinishedSince(): number | null {
    return this.#current.unfinishedSince;
  }

  refuseUnfinished(refusal: Refusal): void {
    this.#current.refuseUnfinished(refusal);
  }

  receive(chunk: Buffer): void {
    const whole = chunk.at(-1) === newline;
    this.#current.receive(chunk);
    if (whole) [this.#current, this.#other] = [this.#other, this.#current];
  }

  end(): void {
    this.#current.end();
  }

  discard(): void {
    this.#current.discard();
    this.#other.discard();
  }
}

/** Every other chunk of whole lines waits until the next has gone before it. */
export class ChunksSwapped implements RecordDoor {
  readonly #session: RecordDoor;
  #kept: Buffer | null = null;

  constructor(open: OpenSession, tell: Tell) {
    this.#session = open(tell);
  }

  get heldBytes(): number {
    return this.#session.heldBytes + (this.#kept?.length ?? 0);
  }

  get inFlightBytes(): number {
    return this.#session.inFlightBytes;
  }

  get inFlightRecords(): number {
    return this.#session.inFlightRecords;
  }

  get inFlightPlaces(): number {
    return this.#session.inFlightPlaces;
  }

  get answered(): boolean {
    return this.#session.answered && this.#kept === null;
  }

  get scanning(): boolean {
    return this.#session.scanning;
  }

  get unfinishedSince(): number | null {
    return this.#session.unfinishedSince;
  }

  refuseUnfinished(refusal: Refusal): void {
    this.#session.refuseUnfinished(refusal);
  }

  receive(chunk: Buffer): void {
    if (this.#kept === null && this.#session.heldBytes === 0 && chunk.at(-1) === newline) {
      this.#kept = chunk;
      return;
    }
    this.#session.receive(chunk);
    if (this.#session.heldBytes === 0) this.#release();
  }

  #release(): void {
    const kept = this.#kept;
    this.#kept = null;
    if (kept !== null) this.#session.receive(kept);
  }

  end(): void {
    this.#release();
    this.#session.end();
  }

  discard(): void {
    this.#release();
    this.#session.discard();
  }
}
