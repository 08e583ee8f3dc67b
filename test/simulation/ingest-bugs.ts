import type { RecordDoor } from '../../daemon/ingest/client-connection.ts';
import type { Reply } from '../../daemon/ingest/replies.ts';
import type { OpenSession, Sabotage } from './sabotage.ts';

const newline = 0x0a;

/** Chunks of one connection take turns between two sessions, whose replies go out as they are decided. */
class TwoSessions implements RecordDoor {
  #current: RecordDoor;
  #other: RecordDoor;

  constructor(open: OpenSession, tell: (replies: readonly Reply[]) => void) {
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

  get answered(): boolean {
    return this.#current.answered && this.#other.answered;
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

/** Bugs of the side that clients see. */
export const ingestBugs: Readonly<Record<string, Sabotage>> = {
  /** Replies go out as they are decided. */
  'reply-order': { session: (open, tell) => new TwoSessions(open, tell) },
};
