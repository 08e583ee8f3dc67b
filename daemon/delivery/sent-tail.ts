import type { LostScope } from '../../devices/device.ts';
import { type Lines, sliceLines } from '../../format/lines.ts';
import { Fifo } from './fifo.ts';

/**
 * A peer that closes in order had read all that had reached it; what was written in this time before may have
 * been on its way still. Far more than a round trip, far less than would flood a collector with duplicates.
 */
const recentMs = 10_000;

/** Small writes are kept together in blocks of this size: on their own, the objects around them weigh more than they do. */
const largestBlockBytes = 64 * 1024;

/** Lines taken within this time of each other are as old as the first of them: fewer pieces to send again. */
const sameTimeMs = 100;

/** Lines that a device took, and when it took them first. */
export interface SentLines {
  readonly lines: Lines;
  /** Monotonic milliseconds. */
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
  readonly #blocks = new Fifo<Block>();
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
    while (this.#bytes - this.#blocks.at(0)!.used >= this.#limitBytes) {
      this.#bytes -= this.#blocks.at(0)!.used;
      this.#blocks.shift();
    }
  }

  /** The block that the lines' bytes are in, or are copied to. */
  #blockFor({ bytes }: Lines): Block {
    const last = this.#blocks.last;
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
    const bytes = this.#bytes;
    this.#bytes = 0;
    const blocks = this.#blocks.takeAll();
    if (typeof scope === 'number') return lastLines(blocks, bytes - scope);
    return blocks.flatMap((block) => {
      const first = scope === 'all' ? 0 : block.times.findIndex((at) => now - at <= recentMs);
      return first === -1 ? [] : slicesByTime(block, first);
    });
  }
}

/** The lines that end behind the first `settled` bytes of all blocks. */
function lastLines(blocks: readonly Block[], settled: number): SentLines[] {
  let before = 0;
  return blocks.flatMap((block) => {
    const first = block.ends.findIndex((end) => before + end > settled);
    before += block.used;
    return first === -1 ? [] : slicesByTime(block, first);
  });
}

/**
 * The block's lines from `first` on, split by send time: one time for all would make old lines young at each break,
 * and a peer that goes away again and again would get them for ever.
 */
function slicesByTime({ bytes, used, ends, times }: Block, first: number): SentLines[] {
  const whole = { bytes: bytes.subarray(0, used), ends: Uint32Array.from(ends) };
  const slices: SentLines[] = [];
  for (let from = first, to = first + 1; from < ends.length; to++) {
    if (to < ends.length && Math.abs(times[to]! - times[from]!) <= sameTimeMs) continue;
    slices.push({ lines: sliceLines(whole, from, to), at: times[from]! });
    from = to;
  }
  return slices;
}
