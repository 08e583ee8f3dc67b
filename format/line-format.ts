import type { Kernel } from './kernel.ts';
import type { LineOptions } from './line-options.ts';
import { type RenderedLines, renderedLines } from './lines.ts';
import { KernelBatch, type ScannedBatch } from './scanned-batch.ts';

/** Kinds of planned strings, by the kernel's numbers (kernel/plan.ts), as bits. */
const kinds = { string: 1 << 1, accessor: 1 << 2, timestamp: 1 << 3, header: 1 << 4 } as const;
const formats = { json: 0, jsonx: 1, fragment: 2 } as const;
const largestEnd = 0xffff_ffff;

/** How one device's lines are made: its options and its salt. */
export interface LineFormat {
  /**
   * The lines of the batch's kept records. A line that with prefix and newline would be longer than `maxLineBytes` is absent.
   * The bytes are the caller's.
   */
  render(batch: ScannedBatch, maxLineBytes: number): RenderedLines;
  /** `hmac-sha256:` and the digits for the text in UTF-8. */
  hash(value: string): string;
  /** Clears what was derived from the salt; nothing can be rendered or hashed after it. */
  dispose(): void;
}

/** Lends a kernel that has room for so many bytes of input and no batch in it. */
export type LendKernel = <T>(inputBytes: number, use: (kernel: Kernel) => T) => T;

/** A line format on midstates; the salt itself is not kept. */
export class KernelLineFormat implements LineFormat {
  readonly #format: number;
  readonly #hashed: number;
  readonly #elide: boolean;
  readonly #prefix: Buffer;
  readonly #lend: LendKernel;
  #midstates: Uint8Array | null;

  constructor(options: LineOptions, midstates: Uint8Array, lend: LendKernel) {
    this.#format =
      options.format === 'json' ? formats.json : options.jsonxFragment ? formats.fragment : formats.jsonx;
    this.#hashed = hashedKinds(options);
    this.#elide = options.elideListResponses;
    this.#prefix = Buffer.from(options.prefix);
    this.#midstates = midstates;
    this.#lend = lend;
  }

  render(batch: ScannedBatch, maxLineBytes: number): RenderedLines {
    if (!(batch instanceof KernelBatch)) throw new TypeError('Cannot render batch: it is not of a formatter');
    const midstates = this.#secret();
    const { kernel } = batch;
    kernel.useLine(this.#format, this.#hashed, this.#elide, this.#prefix, batch.timeBytes);
    const ends = kernel.measure(Math.max(0, Math.min(maxLineBytes, largestEnd)));
    return renderedLines(kernel.render(midstates, ends.at(-1) ?? 0), ends);
  }

  hash(value: string): string {
    const midstates = this.#secret();
    const message = Buffer.from(value);
    const digest = this.#lend(message.length, (kernel) => kernel.hash(midstates, message));
    message.fill(0);
    return `hmac-sha256:${digest}`;
  }

  dispose(): void {
    this.#midstates?.fill(0);
    this.#midstates = null;
  }

  #secret(): Uint8Array {
    if (this.#midstates === null) throw new Error('Cannot hash: the salt was cleared');
    return this.#midstates;
  }
}

function hashedKinds(options: LineOptions): number {
  // The headers' table counts for devices that hash nothing else, too.
  if (options.logRaw) return kinds.header;
  let hashed = kinds.string | kinds.header;
  if (options.hmacAccessor) hashed |= kinds.accessor;
  if (options.hashTimestamps) hashed |= kinds.timestamp;
  return hashed;
}
