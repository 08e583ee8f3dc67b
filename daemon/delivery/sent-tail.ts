import type { LostScope } from '../../devices/device.ts';
import { type Lines, sliceLines } from '../../format/lines.ts';

/**
 * A peer that closes in order had read all that had reached it; what was written in this time before may have
 * been on its way still. Far more than a round trip, far less than would flood a collector with duplicates.
 */
const recentMs = 10_000;

/** Small writes are kept together in blocks of this size: on their own, the objects around them weigh more than they do. */
const largestBlockBytes = 64 * 1024;

/** Lines that a device took, and when it took them first. */
export interface SentLines {
  readonly lines: Lines;
  /** Monotonic milliseconds; of the last line, where they were taken one after the other. */
  readonly at: number;
}

/** Lines in one buffer. `times` has one for each line, in ascending order unless lines were sent again. */
interface Block {
  readonly bytes: Buffer;
  used: number;
  readonly ends: number[];
  readonly times: number[];
}

/**
 * The last lines a device took, kept while they may sit in socket buffers that die with the connection: the lane
 * sends them again on the next one. Bounded by what those buffers can hold, so older lines were read for certain.
 */
export class SentTail {
  readonly #limitBytes: number;
  readonly #blockBytes: number;
  #blocks: Block[] = [];
  /** What comes before this index is forgotten; the array is cut when that is much. */
  #head = 0;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#blockBytes = Math.min(largestBlockBytes, Math.floor(limitBytes / 16));
  }

  /** At most the limit and one block, or one write. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `at`: when the lines were sent first, also for lines that are sent again, so that they grow old all the same. */
  add(lines: Lines, at: number): void {
    if (this.#limitBytes === 0 || lines.ends.length === 0) return;
    const block = this.#blockFor(lines);
    for (const end of lines.ends) {
      block.ends.push(block.used + end);
      block.times.push(at);
    }
    block.used += lines.bytes.length;
    this.#bytes += lines.bytes.length;
    while (this.#bytes - this.#blocks[this.#head]!.used >= this.#limitBytes) {
      this.#bytes -= this.#blocks[this.#head]!.used;
      this.#head++;
    }
    if (this.#head >= 1024 && this.#head * 2 > this.#blocks.length) {
      this.#blocks.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** The block that the lines' bytes are in, or are copied to. */
  #blockFor({ bytes }: Lines): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.used + bytes.length <= last.bytes.length) {
      bytes.copy(last.bytes, last.used);
      return last;
    }
    // A large write is a block as it is; its buffer has no room for more.
    const alone = bytes.length * 2 > this.#blockBytes;
    const block: Block = {
      bytes: alone ? bytes : Buffer.allocUnsafeSlow(this.#blockBytes),
      used: 0,
      ends: [],
      times: [],
    };
    if (!alone) bytes.copy(block.bytes);
    this.#blocks.push(block);
    return block;
  }

  /** Gives back, oldest first, what may be lost, and forgets everything. */
  take(scope: LostScope, now: number): SentLines[] {
    const blocks = this.#blocks.slice(this.#head);
    this.#blocks = [];
    this.#head = 0;
    this.#bytes = 0;
    return blocks.flatMap((block) => {
      const first = scope === 'all' ? 0 : block.times.findIndex((at) => now - at <= recentMs);
      if (first === -1) return [];
      const whole = { bytes: block.bytes.subarray(0, block.used), ends: Uint32Array.from(block.ends) };
      const lines = first === 0 ? whole : sliceLines(whole, first, block.ends.length);
      return [{ lines, at: Math.max(block.times.at(-1)!, block.times[first]!) }];
    });
  }
}
