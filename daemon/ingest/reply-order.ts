import type { Reply } from './replies.ts';

/** Where the replies to records read together stand among those of their connection. */
export interface Place {
  /** Raw bytes of the records. */
  readonly bytes: number;
  /** 0 until the scan has counted them. */
  records: number;
  /** `null` until they are certain. */
  replies: readonly Reply[] | null;
}

/**
 * Keeps the replies of one connection in the order of its records. A place is taken as soon as bytes are read, and
 * filled whenever, in whatever order, the rest is known: by a scan in another thread, too.
 */
export class ReplyOrder {
  readonly #due: (replies: readonly Reply[]) => void;
  #places: Place[] = [];
  #bytes = 0;
  #records = 0;

  /** `due` takes the replies whose turn it is. */
  constructor(due: (replies: readonly Reply[]) => void) {
    this.#due = due;
  }

  /** Raw bytes of records whose replies are not due. */
  get bytes(): number {
    return this.#bytes;
  }

  get records(): number {
    return this.#records;
  }

  get places(): number {
    return this.#places.length;
  }

  /** Whether nothing waits for replies. */
  get empty(): boolean {
    return this.#places.length === 0;
  }

  take(bytes: number): Place {
    const place: Place = { bytes, records: 0, replies: null };
    this.#places.push(place);
    this.#bytes += bytes;
    return place;
  }

  /** The scan is over; at least one record. */
  counted(place: Place, records: number): void {
    place.records = records;
    this.#records += records;
  }

  /** There was no record, only empty lines. */
  giveUp(place: Place): void {
    this.#places.splice(this.#places.lastIndexOf(place), 1);
    this.#bytes -= place.bytes;
    this.#flush();
  }

  /** The replies are certain; those that are due go out, up to the first record whose reply is not. */
  fill(place: Place, replies: readonly Reply[]): void {
    place.replies = replies;
    this.#flush();
  }

  /** No reply goes out any more. */
  forget(): void {
    this.#places = [];
    this.#bytes = 0;
    this.#records = 0;
  }

  #flush(): void {
    let due = 0;
    while (due < this.#places.length && this.#places[due]!.replies !== null) due++;
    if (due === 0) return;
    const done = this.#places.splice(0, due);
    for (const { bytes, records } of done) {
      this.#bytes -= bytes;
      this.#records -= records;
    }
    this.#due(done.length === 1 ? done[0]!.replies! : done.flatMap((each) => each.replies!));
  }
}
