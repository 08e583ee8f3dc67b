import type { RecordDoor } from './record-door.ts';
import type { Refusal } from './refusals.ts';
import { type Passer, recordCost, type Turns } from './turns.ts';

const newline = 0x0a;

export interface TurnstileParts {
  readonly door: RecordDoor;
  readonly turns: Turns;
  /** What the first piece costs beside its records; where it costs something, it was parsed in a turn and needs no other. */
  readonly overhead: number;
  /** Asked before each piece. After a no, `goOn` has to be called when that may have changed. */
  readonly mayPass: () => boolean;
  /** Something that waited has been passed on. */
  readonly passed: () => void;
  /** Something that waited has met a defect. */
  readonly fail: (error: unknown) => void;
}

/**
 * Stands before a session: lets through what one client has sent in pieces of whole records, as many a turn of the event
 * loop as is fair, and none while replies or records in flight are over their bounds. The rest waits here.
 */
export class Turnstile implements Passer {
  readonly #door: RecordDoor;
  readonly #turns: Turns;
  #overhead: number;
  readonly #mayPass: () => boolean;
  readonly #passed: () => void;
  readonly #fail: (error: unknown) => void;
  /** In order. */
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Of the first chunk, what is through: it stays in memory with the rest. */
  #gone = 0;
  /** `ended`: behind what waits comes the end of the input. */
  #input: 'open' | 'ended' | 'discarded' = 'open';
  /** `parked`: until `goOn`; `passing`: somebody further out is doing it. */
  #state: 'free' | 'queued' | 'parked' | 'passing' = 'free';

  constructor({ door, turns, overhead, mayPass, passed, fail }: TurnstileParts) {
    this.#door = door;
    this.#turns = turns;
    this.#overhead = overhead;
    this.#mayPass = mayPass;
    this.#passed = passed;
    this.#fail = fail;
  }

  /** What waits here takes in memory. */
  get waitingBytes(): number {
    return this.#bytes + this.#gone;
  }

  /** Whether everything has gone through; otherwise nothing more should be read. */
  get empty(): boolean {
    return this.#bytes === 0;
  }

  /** Whether every record has its reply, and none waits here. */
  get answered(): boolean {
    return this.empty && this.#state !== 'passing' && this.#door.answered;
  }

  /** Bytes of the record that has not ended, as far as it is through. */
  get heldBytes(): number {
    return this.#door.heldBytes;
  }

  /** Raw bytes of records whose replies are not due, as far as they are through. */
  get inFlightBytes(): number {
    return this.#door.inFlightBytes;
  }

  get inFlightRecords(): number {
    return this.#door.inFlightRecords;
  }

  get inFlightPlaces(): number {
    return this.#door.inFlightPlaces;
  }

  get scanning(): boolean {
    return this.#door.scanning;
  }

  get unfinishedSince(): number | null {
    return this.#door.unfinishedSince;
  }

  refuseUnfinished(refusal: Refusal): void {
    this.#door.refuseUnfinished(refusal);
  }

  /** Takes the chunk over: it is passed on as far as may be now, and the rest later. */
  receive(chunk: Buffer): void {
    if (this.#input === 'discarded') {
      this.#door.receive(chunk);
      return;
    }
    const first = this.empty;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (!first || this.#state !== 'free') return;
    let fresh = true;
    while (!this.empty && (this.#turns.open || this.#overhead > 0)) {
      if (!this.#passPiece()) return;
      fresh = false;
    }
    if (!this.empty) this.#queue(fresh);
  }

  /** In a turn. */
  pass(): void {
    this.#state = 'free';
    try {
      if (this.empty || !this.#passPiece()) return;
      if (!this.empty) this.#queue(false);
      this.#passed();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What held it back may be over. */
  goOn(): void {
    if (this.#state === 'parked' && this.#mayPass()) this.#queue(false);
  }

  /** Passes on all that waits, at once: nobody can be told that it was not. */
  flush(): void {
    this.#turns.leave(this);
    this.#state = 'passing';
    const chunks = this.#chunks;
    this.#forget();
    for (const chunk of chunks) this.#door.receive(chunk);
    this.#state = 'free';
    this.#endWhenEmpty();
  }

  /** The sender has sent its last byte. */
  end(): void {
    if (this.#input !== 'open') return;
    this.#input = 'ended';
    this.#endWhenEmpty();
  }

  /** Takes no more: what waits is wiped, and the unfinished record with it. */
  discard(): void {
    this.#turns.leave(this);
    this.#input = 'discarded';
    if (this.#state !== 'passing') this.#state = 'free';
    for (const chunk of this.#chunks) chunk.fill(0);
    this.#forget();
    this.#door.discard();
  }

  #forget(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#gone = 0;
  }

  #queue(fresh: boolean): void {
    this.#state = 'queued';
    this.#turns.wait(this, fresh);
  }

  /** Whether there was leave to. */
  #passPiece(): boolean {
    if (!this.#mayPass()) {
      this.#state = 'parked';
      return false;
    }
    this.#state = 'passing';
    this.#door.receive(this.#takePiece());
    this.#state = 'free';
    this.#endWhenEmpty();
    return true;
  }

  #endWhenEmpty(): void {
    if (this.#input === 'ended' && this.empty && this.#state !== 'passing') this.#door.end();
  }

  /** The first records that wait, up to the cost of one piece; behind the last newline, the rest. */
  #takePiece(): Buffer {
    const chunk = this.#chunks[0]!;
    let cost = 0;
    let end = 0;
    while (cost < this.#turns.pieceCost) {
      const next = chunk.indexOf(newline, end) + 1;
      if (next === 0) {
        // Only held until its end comes.
        end = chunk.length;
        break;
      }
      cost += recordCost(next - end);
      end = next;
    }
    this.#turns.spend(cost + this.#overhead);
    this.#overhead = 0;
    this.#bytes -= end;
    if (end === chunk.length) {
      this.#chunks.shift();
      this.#gone = 0;
    } else {
      this.#chunks[0] = chunk.subarray(end);
      this.#gone += end;
    }
    return chunk.subarray(0, end);
  }
}
