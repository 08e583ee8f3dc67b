import { recordId } from '../../format/record-id.ts';
import { HeldBytes } from './held-bytes.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;

/** What comes out of a connection's bytes, in order. */
export interface RecordSink {
  /**
   * Whole records, each ended by a newline except perhaps the last of the connection; none is over the limit.
   * The chunks are the sink's from now on: it wipes them once they are scanned. `alone`: it is one record, a large one.
   */
  records(chunks: readonly Buffer[], bytes: number, alone: boolean): void;
  /** In the place of a record that is over the limit. `id`: its `request.id`, or empty where that cannot be read. */
  tooLarge(id: string): void;
  /** Bytes of a record that was refused before its end, as they come and without the newline; they are wiped behind it. */
  passedOver(bytes: Buffer): void;
  /** That record has ended. */
  passed(): void;
}

/**
 * Cuts a connection's chunks at record boundaries. Holds at most one unfinished record.
 */
export class RecordAssembler {
  readonly #maxRecordBytes: number;
  readonly #aloneBytes: number;
  readonly #sink: RecordSink;
  readonly #held = new HeldBytes();
  #begun = 0;
  /** `skipping`: inside a record that was refused, until its newline. `discarding`: for good. */
  #mode: 'taking' | 'skipping' | 'discarding' = 'taking';

  /** An unfinished record of `aloneBytes` or more is passed on without those that follow it. */
  constructor(maxRecordBytes: number, aloneBytes: number, sink: RecordSink) {
    this.#maxRecordBytes = maxRecordBytes;
    this.#aloneBytes = aloneBytes;
    this.#sink = sink;
  }

  /** Bytes of the unfinished record. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  /** How many unfinished records have been held: another number, another record. */
  get begun(): number {
    return this.#begun;
  }

  /** Gives up the unfinished record and passes over the rest of it. Returns whether there was one. */
  skip(): boolean {
    if (this.#held.bytes === 0) return false;
    this.#mode = 'skipping';
    this.#passOver(this.#held.take());
    return true;
  }

  /** Takes the chunk over: what is not passed on is wiped. */
  push(chunk: Buffer): void {
    let rest = chunk;
    if (this.#mode !== 'taking') {
      const end = this.#mode === 'skipping' ? chunk.indexOf(newline) : -1;
      if (this.#mode === 'skipping') this.#passOver([end === -1 ? chunk : chunk.subarray(0, end)]);
      if (end === -1) {
        chunk.fill(0);
        return;
      }
      this.#mode = 'taking';
      this.#sink.passed();
      chunk[end] = 0;
      rest = chunk.subarray(end + 1);
    }
    if (this.#held.bytes < this.#aloneBytes) {
      this.#cut(rest);
      return;
    }
    const end = rest.indexOf(newline) + 1;
    if (end > 0) this.#passAlone(rest.subarray(0, end));
    // Its memory may have been moved along with the record.
    if (rest.length > end) this.#cut(rest.subarray(end));
  }

  /** What ends the record that is held. */
  #passAlone(ending: Buffer): void {
    if (this.#recordBytes(ending, 0, ending.length) > this.#maxRecordBytes) this.#passMeasured(ending);
    else this.#pass([...this.#held.take(), ending], true);
  }

  #cut(rest: Buffer): void {
    const last = rest.lastIndexOf(newline);
    if (last === -1) {
      this.#hold(rest);
      return;
    }
    const whole = rest.subarray(0, last + 1);
    if (this.#held.bytes + whole.length <= this.#maxRecordBytes)
      this.#pass([...this.#held.take(), whole], false);
    else this.#passMeasured(whole);
    this.#hold(rest.subarray(last + 1));
  }

  /** End of input: what is held is a record like any other. */
  end(): void {
    const { bytes } = this.#held;
    if (bytes > 0) this.#pass(this.#held.take(), bytes >= this.#aloneBytes);
    if (this.#mode === 'skipping') this.#sink.passed();
  }

  #passOver(parts: readonly Buffer[]): void {
    try {
      for (const part of parts) this.#sink.passedOver(part);
    } finally {
      for (const part of parts) part.fill(0);
    }
  }

  /** The unfinished record is nobody's, nor is anything that still comes. */
  discard(): void {
    this.#held.wipe();
    this.#mode = 'discarding';
  }

  #hold(bytes: Buffer): void {
    if (this.#held.bytes === 0 && bytes.length > 0) this.#begun++;
    this.#held.add(bytes);
    // One byte of grace: it may be the carriage return before the newline.
    if (this.#held.bytes <= this.#maxRecordBytes) return;
    if (this.#held.bytes === this.#maxRecordBytes + 1 && this.#held.last === carriageReturn) return;
    this.#mode = 'skipping';
    this.#refuse(this.#held.take());
  }

  #refuse(parts: readonly Buffer[]): void {
    try {
      this.#sink.tooLarge(recordId(parts));
    } finally {
      this.#passOver(parts);
    }
  }

  #pass(chunks: Buffer[], alone: boolean): void {
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    this.#sink.records(chunks, bytes, alone);
  }

  /** The lines may include one that is over the limit; those between two such lines are passed on together. */
  #passMeasured(whole: Buffer): void {
    let from = 0;
    for (let start = 0; start < whole.length; ) {
      const end = whole.indexOf(newline, start) + 1;
      if (this.#recordBytes(whole, start, end) > this.#maxRecordBytes) {
        if (start > from) this.#pass([...this.#held.take(), whole.subarray(from, start)], false);
        this.#refuse([...this.#held.take(), whole.subarray(start, end - 1)]);
        this.#sink.passed();
        whole[end - 1] = 0;
        from = end;
      }
      start = end;
    }
    if (whole.length > from) this.#pass([...this.#held.take(), whole.subarray(from)], false);
  }

  /** Length of the record that ends at `end`, without its line end; the first one began in what is held. */
  #recordBytes(whole: Buffer, start: number, end: number): number {
    const held = start === 0 ? this.#held.bytes : 0;
    const before = end - 1 > start ? whole[end - 2] : start === 0 ? this.#held.last : undefined;
    return held + end - start - (before === carriageReturn ? 2 : 1);
  }
}
