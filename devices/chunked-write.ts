import type { Writable } from 'node:stream';
import { type Lines, lineStart } from '../format/lines.ts';

/**
 * One callback tells of one chunk, so chunks are what progress is measured in when a slow peer is given up: large
 * enough to cost nothing, small enough that little is sent twice. They end where lines end, so that stopping between
 * two of them tears nothing.
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

  /** Writes no further chunk and reports nothing more; what the stream has is still the stream's. */
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
