import { createHash } from 'node:crypto';
import { BLOCK_BYTES } from '../kernel/numbers/hmac.ts';
import { LONGEST_PREFIX } from '../kernel/numbers/limits.ts';
import { Kernel, type KernelPolicy, type KernelSizes } from './kernel.ts';
import { lengthOf, scanIn } from './kernel-scan.ts';
import { KernelLineFormat, type LineFormat } from './line-format.ts';
import type { LineOptions, RecordPolicy } from './line-options.ts';
import { policyBytes } from './policy-bytes.ts';
import { policyProblems } from './policy-check.ts';
import { PolicyRefused } from './policy-refused.ts';
import { KernelBatch, type ScannedBatch } from './scanned-batch.ts';
import { discardMemory } from './spent-memory.ts';

export { LONGEST_PREFIX as longestPrefixBytes } from '../kernel/numbers/limits.ts';
export type { LineFormat } from './line-format.ts';
export { PolicyRefused } from './policy-refused.ts';
export { recordStatus, type ScannedBatch } from './scanned-batch.ts';

/** Size of the reusable kernel; larger input gets one of its own. */
const ordinary: KernelSizes = { inputBytes: 256 * 1024, records: 32 * 1024, planBytes: 1024 * 1024 };

/** Scans records by one policy, and makes the line formats of devices. */
export class Formatter {
  #policy: KernelPolicy;
  #kernel: Kernel;
  /** Whether a batch lies in `#kernel`. */
  #busy = false;

  /** Throws `PolicyRefused`. */
  constructor(policy: RecordPolicy) {
    this.#policy = checkedPolicy(policy);
    this.#kernel = new Kernel(this.#policy, ordinary);
  }

  /** In force from the next scan. Throws `PolicyRefused` before anything changes. */
  setPolicy(policy: RecordPolicy): void {
    this.#policy = checkedPolicy(policy);
    this.#kernel = new Kernel(this.#policy, ordinary);
    this.#busy = false;
  }

  /** The policy in force, as kernels read it: another value once another is. */
  get policy(): Uint8Array {
    return this.#policy(this.#kernel.policyPlace);
  }

  /** The salt is the HMAC key, as text or as its bytes; it is not kept, and bytes are the caller's to wipe. */
  line(options: LineOptions, salt: string | Uint8Array): LineFormat {
    if (Buffer.byteLength(options.prefix) > LONGEST_PREFIX) {
      throw new RangeError(`Cannot use prefix: it is longer than ${LONGEST_PREFIX} bytes`);
    }
    const text = Buffer.from(salt);
    const key = text.length > BLOCK_BYTES ? createHash('sha256').update(text).digest() : text;
    const midstates = this.#kernel.midstates(key);
    key.fill(0);
    text.fill(0);
    return new KernelLineFormat(options, midstates, (inputBytes, use) => this.#lend(inputBytes, use));
  }

  /**
   * Scans whole records, each ended by a newline except perhaps the last. Chunks may split anywhere. `arrivalMs`,
   * milliseconds since 1970, becomes the `time` of records that have none.
   */
  scan(chunks: readonly Uint8Array[], headers: 'apply' | 'as_is', arrivalMs: number): ScannedBatch {
    const length = lengthOf(chunks);
    const apply = headers === 'apply';
    let kernel = this.#busy || length > ordinary.inputBytes ? this.#large(chunks, length) : this.#kernel;
    let records = scanIn(kernel, chunks, length, apply);
    if (records < 0) {
      kernel.wipe(length);
      kernel = this.#large(chunks, length);
      records = scanIn(kernel, chunks, length, apply);
    }
    kernel.useTime(new Date(arrivalMs).toISOString());
    if (kernel === this.#kernel) this.#busy = true;
    return new KernelBatch(kernel, records, length, (released) => {
      if (released === this.#kernel) this.#busy = false;
      else discardMemory(released.memory.length);
    });
  }

  #large(chunks: readonly Uint8Array[], length: number): Kernel {
    return new Kernel(this.#policy, {
      inputBytes: length,
      records: countLines(chunks),
      planBytes: Math.max(length, ordinary.planBytes),
    });
  }

  #lend<T>(inputBytes: number, use: (kernel: Kernel) => T): T {
    if (!this.#busy && inputBytes <= ordinary.inputBytes) return use(this.#kernel);
    return use(new Kernel(this.#policy, { inputBytes, records: 0, planBytes: 0 }));
  }
}

function checkedPolicy(policy: RecordPolicy): KernelPolicy {
  const problems = policyProblems(policy);
  if (problems.length > 0) throw new PolicyRefused(problems);
  let bytes: Buffer | undefined;
  // The place is the same in every kernel.
  return (place) => {
    bytes ??= policyBytes(policy, place);
    return bytes;
  };
}

function countLines(chunks: readonly Uint8Array[]): number {
  let count = 1;
  for (const chunk of chunks) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++;
  }
  return count;
}
