import { FAULT, FAULT_OFFSET } from '../kernel/numbers/record-table.ts';
import { Kernel, type KernelSizes } from './kernel.ts';
import { lengthOf, scanIn } from './kernel-scan.ts';
import type { LargeReport } from './large-record.ts';
import { type LineRecipe, linesIn } from './line-recipe.ts';
import { ownBytes, wipe } from './own-bytes.ts';
import { KernelBatch, recordStatus } from './scanned-batch.ts';

/** By what a record is scanned, and for whom it is rendered. */
export interface LargeRequest {
  /** The policy as the kernel reads it. */
  readonly policy: Uint8Array;
  readonly applyHeaders: boolean;
  /** Milliseconds since 1970: the `time` of a record that has none. */
  readonly arrivalMs: number;
  readonly recipes: readonly LineRecipe[];
}

/** What is asked of the one who scans: each message but `done` is answered by a report. */
export type LargeMessage =
  /** A record's bytes, whole. They belong to the one who scans, who wipes them when all is done. */
  | { readonly kind: 'scan'; readonly chunks: readonly Uint8Array[]; readonly request: LargeRequest }
  /** The same record once more: policy or devices have changed meanwhile. */
  | { readonly kind: 'again'; readonly request: LargeRequest }
  | { readonly kind: 'done' };

/** Sizes are powers of two from here on, so that one kernel fits the next record, too. */
const smallestInput = 1024 * 1024;

/** Scans and renders one large record at a time, in a kernel that is kept for the next one. */
export class LargeScan {
  #kernel: Kernel | null = null;
  #policy: Uint8Array = new Uint8Array(0);
  #chunks: readonly Uint8Array[] = [];

  /** Takes a message; returns the report that it asks for. What it throws quotes nothing of the record. */
  take(message: LargeMessage): LargeReport | null {
    if (message.kind === 'done') {
      this.#wipe();
      return null;
    }
    if (message.kind === 'scan') this.#chunks = message.chunks;
    try {
      return this.#report(message.request);
    } catch (error) {
      this.#wipe();
      throw error;
    } finally {
      for (const { midstates } of message.request.recipes) midstates.fill(0);
    }
  }

  #wipe(): void {
    wipe(this.#chunks);
    this.#chunks = [];
  }

  #report({ policy, applyHeaders, arrivalMs, recipes }: LargeRequest): LargeReport {
    const length = lengthOf(this.#chunks);
    const kernel = this.#kernelFor(policy, length);
    const records = scanIn(kernel, this.#chunks, length, applyHeaders);
    if (records === -1) {
      kernel.wipe(length);
      throw new Error('Cannot scan large record: it is more than one');
    }
    const batch = new KernelBatch(kernel, records, length, () => {});
    try {
      kernel.useTime(new Date(arrivalMs).toISOString());
      return reportOf(batch, recipes);
    } finally {
      batch.release();
    }
  }

  #kernelFor(policy: Uint8Array, length: number): Kernel {
    const inputBytes = Math.max(smallestInput, 2 ** Math.ceil(Math.log2(length)));
    const same = Buffer.compare(this.#policy, policy) === 0;
    if (this.#kernel === null || !same || this.#kernel.sizes.inputBytes < inputBytes) {
      const sizes: KernelSizes = { inputBytes, records: 1, planBytes: inputBytes };
      // The old one first: two of them may be more than there is memory for.
      this.#kernel = null;
      this.#kernel = new Kernel(() => Buffer.from(policy), sizes);
      this.#policy = policy;
    }
    return this.#kernel;
  }
}

function reportOf(batch: KernelBatch, recipes: readonly LineRecipe[]): LargeReport {
  const { kernel, levels, records } = batch;
  const lines = recipes.map((recipe) => linesIn(kernel, recipe));
  if (records === 0) {
    const nothing = { fault: 0, faultOffset: 0, length: 0, sha256: '', id: ownBytes(0), type: ownBytes(0) };
    return { status: null, levels, ...nothing, lines };
  }
  const status = batch.statuses[0]!;
  const invalid = status === recordStatus.invalid;
  const { id, type } = batch.spelling(0);
  return {
    status,
    levels,
    fault: invalid ? kernel.recordNumber(0, FAULT) : 0,
    faultOffset: invalid ? kernel.recordNumber(0, FAULT_OFFSET) : 0,
    length: batch.lengthOf(0),
    sha256: invalid ? batch.digestOf([0]) : '',
    id: ownCopy(id),
    type: ownCopy(type),
    lines,
  };
}

function ownCopy(bytes: Buffer): Buffer {
  const copy = ownBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
