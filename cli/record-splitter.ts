const newline = 0x0a;
const carriageReturn = 0x0d;

/** A run of bytes to send. The records that start in it are the lines `firstLine`, `firstLine + 1`, … */
export interface RecordBytes {
  readonly bytes: Uint8Array;
  /** How many records start in `bytes`; 0 for the rest of a long one. */
  readonly starts: number;
  /** Number of the input's line (from 1) at which the first of them starts. */
  readonly firstLine: number;
}

/**
 * Cuts a stream of lines into runs of bytes that start no more than a given number of records, without ever holding
 * a record: its bytes are handed on as they come. Empty lines, which are no records, are left out.
 */
export class RecordSplitter {
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #line = 1;
  #insideRecord = false;
  /** A carriage return at the start of a line: of an empty line if a newline follows, otherwise of a record. */
  #heldReturn = false;

  /** Adds input; the chunk before must have been taken up. */
  push(chunk: Uint8Array): void {
    this.#chunk = this.#heldReturn ? Buffer.concat([Buffer.from([carriageReturn]), chunk]) : chunk;
    this.#heldReturn = false;
    this.#at = 0;
  }

  /** The next run, with at most `room` (from 1) records starting in it; `null` when the chunk is used up. */
  next(room: number): RecordBytes | null {
    if (!this.#insideRecord) this.#skipEmptyLines();
    const chunk = this.#chunk;
    const from = this.#at;
    if (from >= chunk.length) return null;
    const firstLine = this.#line;
    let starts = 0;
    while (this.#at < chunk.length) {
      if (!this.#insideRecord) {
        if (starts === room || (starts > 0 && this.#atEmptyLine())) break;
        this.#insideRecord = true;
        starts++;
      }
      const end = chunk.indexOf(newline, this.#at);
      if (end === -1) {
        this.#at = chunk.length;
        break;
      }
      this.#at = end + 1;
      this.#line++;
      this.#insideRecord = false;
      // The rest of a record that began earlier is a run of its own, so that `firstLine` is always a start.
      if (starts === 0) break;
    }
    return { bytes: chunk.subarray(from, this.#at), starts, firstLine };
  }

  /** At the end of the input: what is still to be sent so that the last record is ended too. */
  end(): RecordBytes | null {
    if (!this.#insideRecord) return null;
    this.#insideRecord = false;
    return { bytes: Uint8Array.of(newline), starts: 0, firstLine: this.#line };
  }

  #atEmptyLine(): boolean {
    const first = this.#chunk[this.#at];
    return first === newline || first === carriageReturn;
  }

  #skipEmptyLines(): void {
    for (;;) {
      const first = this.#chunk[this.#at];
      if (first === newline) {
        this.#at++;
      } else if (first === carriageReturn && this.#at + 1 === this.#chunk.length) {
        this.#heldReturn = true;
        this.#at++;
        return;
      } else if (first === carriageReturn && this.#chunk[this.#at + 1] === newline) {
        this.#at += 2;
      } else {
        return;
      }
      this.#line++;
    }
  }
}
