/**
 * What is given to the parser at once: it makes all the requests in it before anything else happens. Where none begins,
 * as in a long body, the next slice is twice as long.
 */
const smallestSlice = 512;

/** What came over an HTTP connection and waits for its parser, in order. */
export class UnparsedBytes {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Of the first chunk, what was taken: it stays in memory with the rest. */
  #taken = 0;
  #sliceBytes = smallestSlice;

  get empty(): boolean {
    return this.#bytes === 0;
  }

  /** What it takes in memory. */
  get bytes(): number {
    return this.#bytes + this.#taken;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next bytes; whoever takes them wipes them. */
  takeSlice(): Buffer {
    const chunk = this.#chunks[0]!;
    const slice = chunk.subarray(0, this.#sliceBytes);
    if (slice.length === this.#sliceBytes) this.#sliceBytes *= 2;
    this.#bytes -= slice.length;
    this.#taken += slice.length;
    if (slice.length === chunk.length) {
      this.#chunks.shift();
      this.#taken = 0;
    } else {
      this.#chunks[0] = chunk.subarray(slice.length);
    }
    return slice;
  }

  /** A request has begun in what was taken last, and others may follow it closely. */
  requestBegan(): void {
    this.#sliceBytes = smallestSlice;
  }

  wipe(): void {
    for (const chunk of this.#chunks.splice(0)) chunk.fill(0);
    this.#bytes = 0;
    this.#taken = 0;
  }
}
