import { JSON_LINE, JSONX, JSONX_FRAGMENT } from '../kernel/numbers/line-formats.ts';
import { HASHED, HASHED_ACCESSOR, HASHED_HEADER, HASHED_TIMESTAMP } from '../kernel/numbers/plan-kinds.ts';
import type { Kernel } from './kernel.ts';
import type { LineOptions } from './line-options.ts';
import { type RenderedLines, renderedLines } from './lines.ts';
import { KernelBatch, recordStatus, type ScannedBatch } from './scanned-batch.ts';

/** How one device's lines are made: its options and its salt. */
export interface LineFormat {
  /**
   * The lines of the batch's kept records. A line is absent when it would be longer than `maxLineBytes`, prefix and newline included.
   * The bytes belong to the caller.
   */
  render(batch: ScannedBatch, maxLineBytes: number): RenderedLines;
  /** `hmac-sha256:` and the digits for a text, in UTF-8 where it comes as bytes, which are the caller's to wipe. */
  hash(value: string | Uint8Array): string;
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
    this.#format = options.format === 'json' ? JSON_LINE : options.jsonxFragment ? JSONX_FRAGMENT : JSONX;
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
    kernel.useLine(this.#format, this.#hashed, this.#elide, this.#prefix);
    const ends = kernel.measure(maxLineBytes);
    const idOf = (line: number): string => batch.describe(recordOf(batch, line)).id;
    return renderedLines(kernel.render(midstates, ends.at(-1) ?? 0), ends, idOf);
  }

  hash(value: string | Uint8Array): string {
    const midstates = this.#secret();
    const message = Buffer.from(value);
    const hash = this.#lend(message.length, (kernel) => kernel.hash(midstates, message));
    message.fill(0);
    return hash;
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

/** Which record a line is of: those that go to no device have none. */
function recordOf({ statuses }: ScannedBatch, line: number): number {
  let record = -1;
  for (let lines = line; lines >= 0; lines--) record = statuses.indexOf(recordStatus.kept, record + 1);
  return record;
}

/** A bit for each kind of string that the device hashes. */
function hashedKinds(options: LineOptions): number {
  // A device that hashes nothing else still hashes the headers that ask for it.
  if (options.logRaw) return 1 << HASHED_HEADER;
  let hashed = (1 << HASHED) | (1 << HASHED_HEADER);
  if (options.hmacAccessor) hashed |= 1 << HASHED_ACCESSOR;
  if (options.hashTimestamps) hashed |= 1 << HASHED_TIMESTAMP;
  return hashed;
}
