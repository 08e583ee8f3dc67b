import { MIDSTATES_BYTES } from '../kernel/numbers/hmac.ts';
import type { Kernel } from './kernel.ts';
import { LargeRecord } from './large-record.ts';
import type { LineOptions } from './line-options.ts';
import { type LineRecipe, type LineStyle, lineStyle, linesIn } from './line-recipe.ts';
import { type RenderedLines, renderedLines } from './lines.ts';
import { ownBytes } from './own-bytes.ts';
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
  /** The same for another thread, with a copy of what is derived from the salt: whoever gets it wipes that. */
  recipe(maxLineBytes: number): LineRecipe;
  /** Clears what was derived from the salt; nothing can be rendered or hashed after it. */
  dispose(): void;
}

/** Lends a kernel that has room for so many bytes of input and no batch in it. */
export type LendKernel = <T>(inputBytes: number, use: (kernel: Kernel) => T) => T;

/** A line format on midstates; the salt itself is not kept. */
export class KernelLineFormat implements LineFormat {
  readonly #style: LineStyle;
  readonly #lend: LendKernel;
  #midstates: Uint8Array | null;

  constructor(options: LineOptions, midstates: Uint8Array, lend: LendKernel) {
    this.#style = lineStyle(options);
    this.#midstates = midstates;
    this.#lend = lend;
  }

  render(batch: ScannedBatch, maxLineBytes: number): RenderedLines {
    const midstates = this.#secret();
    if (batch instanceof LargeRecord) return batch.linesOf(this);
    if (!(batch instanceof KernelBatch)) throw new TypeError('Cannot render batch: it is not of a formatter');
    const { bytes, ends } = linesIn(batch.kernel, { ...this.#style, midstates, maxLineBytes });
    const idOf = (line: number): string => batch.describe(recordOf(batch, line)).id;
    return renderedLines(bytes, ends, idOf);
  }

  recipe(maxLineBytes: number): LineRecipe {
    const midstates = ownBytes(MIDSTATES_BYTES);
    midstates.set(this.#secret());
    return { ...this.#style, midstates, maxLineBytes };
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
