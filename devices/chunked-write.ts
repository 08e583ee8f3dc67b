import type { Writable } from 'node:stream';
import { type Lines, lineStart } from '../format/lines.ts';

/**
 * Progress is counted in chunks: there is one callback a chunk. A chunk is large enough to cost nothing, and small
 * enough that little is sent twice when a slow peer is given up. It ends where a line ends, so stopping behind it
 * tears nothing.
 */
const chunkBytes = 256 * 1024;

/** A batch on its way into a stream. */
export class ChunkedWrite {
  /** How many frames the operating system has taken; all of them when `onEnd` is called without an error. */
  taken = 0;
  readonly #stream: Writable;
  readonly #frames: Lines;
  readonly #onEnd: (error: Error | null) => void;
  /** Frames given to the stream. */
  #given = 0;
  #stopped = false;

  /** Starts at once. `onEnd` is called once, unless `stop` comes first. */
  constructor(stream: Writable, frames: Lines, onEnd: (error: Error | null) => void) {
    this.#stream = stream;
    this.#frames = frames;
    this.#onEnd = onEnd;
    this.#next();
  }

  /** Writes no further chunk and calls nobody back. The stream still writes what it has. */
  stop(): void {
    this.#stopped = true;
  }

  #next(): void {
    const { bytes, ends } = this.#frames;
    const start = lineStart(this.#frames, this.#given);
    const limit = start + chunkBytes;
    // One frame at least, however long.
    let next = this.#given + 1;
    while (next < ends.length && ends[next]! <= limit) next++;
    this.#given = next;
    this.#stream.write(bytes.subarray(start, ends[next - 1]), this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    if (this.#stopped) return;
    if (error !== undefined && error !== null) {
      this.#stopped = true;
      this.#onEnd(error);
      return;
    }
    this.taken = this.#given;
    if (this.taken < this.#frames.ends.length) {
      this.#next();
      return;
    }
    this.#stopped = true;
    this.#onEnd(null);
  };
}
