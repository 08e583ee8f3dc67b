const newline = 0x0a;
const carriageReturn = 0x0d;

/** What comes out of a connection's bytes, in order. */
export interface RecordSink {
  /**
   * Whole records, each ended by a newline except perhaps the last of the connection; none is over the limit.
   * The chunks are the sink's from now on: it wipes them once they are scanned.
   */
  records(chunks: readonly Buffer[], bytes: number): void;
  /** In the place of a record that is over the limit. */
  tooLarge(): void;
}

/**
 * Cuts a connection's chunks at record boundaries. Holds at most one unfinished record, in the chunks it came in:
 * joining them again for each chunk would take quadratic time for a large record.
 */
export class RecordAssembler {
  readonly #maxRecordBytes: number;
  readonly #sink: RecordSink;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** `skipping`: inside a record that was refused for its size, until its newline. `discarding`: for good. */
  #mode: 'taking' | 'skipping' | 'discarding' = 'taking';

  constructor(maxRecordBytes: number, sink: RecordSink) {
    this.#maxRecordBytes = maxRecordBytes;
    this.#sink = sink;
  }

  /** Bytes of the unfinished record. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes the chunk over: what is not passed on is wiped. */
  push(chunk: Buffer): void {
    let rest = chunk;
    if (this.#mode !== 'taking') {
      const end = this.#mode === 'skipping' ? chunk.indexOf(newline) : -1;
      if (end === -1) {
        chunk.fill(0);
        return;
      }
      this.#mode = 'taking';
      chunk.fill(0, 0, end + 1);
      rest = chunk.subarray(end + 1);
    }
    const last = rest.lastIndexOf(newline);
    if (last === -1) {
      this.#hold(rest);
      return;
    }
    const whole = rest.subarray(0, last + 1);
    if (this.#heldBytes + whole.length <= this.#maxRecordBytes) this.#pass([...this.#held, whole]);
    else this.#passMeasured(whole);
    // A copy, because the chunk is the sink's; the unfinished record is short, or fills the next chunks alone.
    const unfinished = Buffer.from(rest.subarray(last + 1));
    rest.fill(0, last + 1);
    this.#hold(unfinished);
  }

  /** End of input: what is held is a record like any other. */
  end(): void {
    if (this.#heldBytes > 0) this.#pass(this.#held);
  }

  /** The unfinished record is nobody's, nor is anything that still comes. */
  discard(): void {
    this.#wipeHeld();
    this.#mode = 'discarding';
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    // One byte of grace: it may be the carriage return before the newline.
    if (this.#heldBytes <= this.#maxRecordBytes) return;
    if (this.#heldBytes === this.#maxRecordBytes + 1 && bytes.at(-1) === carriageReturn) return;
    this.#wipeHeld();
    this.#mode = 'skipping';
    this.#sink.tooLarge();
  }

  #pass(chunks: Buffer[]): void {
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    this.#held = [];
    this.#heldBytes = 0;
    this.#sink.records(chunks, bytes);
  }

  /** The lines may include one that is over the limit; those between two such lines are passed on together. */
  #passMeasured(whole: Buffer): void {
    let from = 0;
    for (let start = 0; start < whole.length; ) {
      const end = whole.indexOf(newline, start) + 1;
      if (this.#recordBytes(whole, start, end) > this.#maxRecordBytes) {
        if (start > from) this.#pass([...this.#held, whole.subarray(from, start)]);
        this.#wipeHeld();
        whole.fill(0, start, end);
        this.#sink.tooLarge();
        from = end;
      }
      start = end;
    }
    if (whole.length > from) this.#pass([...this.#held, whole.subarray(from)]);
  }

  /** Length of the record that ends at `end`, without its line end; the first one began in what is held. */
  #recordBytes(whole: Buffer, start: number, end: number): number {
    const held = start === 0 ? this.#heldBytes : 0;
    const before = end - 1 > start ? whole[end - 2] : start === 0 ? this.#held.at(-1)?.at(-1) : undefined;
    return held + end - start - (before === carriageReturn ? 2 : 1);
  }

  #wipeHeld(): void {
    for (const chunk of this.#held) chunk.fill(0);
    this.#held = [];
    this.#heldBytes = 0;
  }
}
