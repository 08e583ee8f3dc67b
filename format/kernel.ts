import { readFileSync } from 'node:fs';
import { BLOCK_BYTES, MIDSTATES_BYTES } from '../kernel/numbers/hmac.ts';
import { LEVEL_FULL, LEVEL_METADATA, LEVEL_NONE, LEVEL_REQUEST, LEVELS } from '../kernel/numbers/levels.ts';
import { RECORD_BYTES } from '../kernel/numbers/record-table.ts';
import { ownBytes } from './own-bytes.ts';
import type { LevelCounts } from './record-rules.ts';

/** The part of the WebAssembly interface that is used here: TypeScript has it among the types of browsers only. */
interface WebAssemblyInterface {
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (
    module: CompiledModule,
    imports: Readonly<Record<string, Readonly<Record<string, (at: number, length: number) => void>>>>,
  ) => { readonly exports: unknown };
}
interface CompiledModule {
  readonly compiled?: never;
}
interface GrowingMemory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: WebAssemblyInterface;

/** What kernel/index.ts exports; positions are addresses in `memory`. */
interface KernelExports {
  readonly memory: GrowingMemory;
  layout(policyBytes: number, inputBytes: number, records: number, planBytes: number): 0 | 1;
  policyPlace(): number;
  inputPlace(): number;
  recordsPlace(): number;
  planPlace(): number;
  lineKinds(record: number): number;
  statusesPlace(): number;
  endsPlace(): number;
  levelCountsPlace(): number;
  prefixPlace(): number;
  timePlace(): number;
  midstatesPlace(): number;
  keyPlace(): number;
  hashPlace(): number;
  readonly keptCount: { readonly value: number };
  deriveMidstates(): void;
  useMidstates(): void;
  hashInput(length: number): number;
  nameHash(word: bigint, length: number): number;
  useLine(format: number, hashed: number, elide: boolean, prefixBytes: number): void;
  useTime(length: number): void;
  scan(length: number, applyHeaders: boolean): number;
  measureLines(limit: number): void;
  renderLines(): void;
  wipeHashing(): void;
  wipeBatch(length: number): void;
}

/** What an instance has room for; only its plan can grow. */
export interface KernelSizes {
  readonly inputBytes: number;
  readonly records: number;
  readonly planBytes: number;
}

/** Where a policy lies in the kernel, and how the kernel looks for names in its tables (`nameHash` in kernel/policy.ts). */
export interface PolicyPlace {
  readonly address: number;
  nameHash(word: bigint, length: number): number;
}

/** Makes a policy's bytes for their place. */
export type KernelPolicy = (place: PolicyPlace) => Buffer;

let compiled: CompiledModule | undefined;

/** Compiled once in a process; instances share the code. */
function kernelModule(): CompiledModule {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../kernel/kernel.wasm', import.meta.url)));
  return compiled;
}

/** One instance of the kernel with its memory: the only place where records and salts lie while they are worked on. */
export class Kernel {
  readonly sizes: KernelSizes;
  readonly #exports: KernelExports;
  #target: Buffer = Buffer.alloc(0);
  #taken = 0;

  constructor(policy: KernelPolicy, sizes: KernelSizes) {
    this.sizes = sizes;
    const instance = new WebAssembly.Instance(kernelModule(), {
      output: { take: (at: number, length: number) => this.#take(at, length) },
    });
    this.#exports = instance.exports as KernelExports;
    const { address } = this.policyPlace;
    const bytes = policy(this.policyPlace);
    if (this.#exports.layout(bytes.length, sizes.inputBytes, sizes.records, sizes.planBytes) === 0) {
      throw new RangeError('Cannot scan batch: it does not fit the memory of a kernel');
    }
    this.bytes(address, bytes.length).set(bytes);
  }

  /** The same in every kernel. */
  get policyPlace(): PolicyPlace {
    return { address: this.#exports.policyPlace(), nameHash: this.#exports.nameHash };
  }

  /** A view of the memory. It is detached when the memory grows, which only `scan` does. */
  bytes(at: number, length: number): Buffer {
    return Buffer.from(this.#exports.memory.buffer, at, length);
  }

  /** All of the memory, for tests that look for what should not be there. */
  get memory(): Buffer {
    return Buffer.from(this.#exports.memory.buffer);
  }

  /** The HMAC midstates of a key that is no longer than a block. */
  midstates(key: Uint8Array): Uint8Array {
    const block = this.bytes(this.#exports.keyPlace(), BLOCK_BYTES);
    block.fill(0);
    block.set(key);
    this.#exports.deriveMidstates();
    const midstates = ownBytes(MIDSTATES_BYTES);
    midstates.set(this.bytes(this.#exports.midstatesPlace(), MIDSTATES_BYTES));
    this.#exports.wipeHashing();
    return midstates;
  }

  /** The hash of `message`, which must fit the input. No batch may be open. */
  hash(midstates: Uint8Array, message: Uint8Array): string {
    this.bytes(this.#exports.midstatesPlace(), MIDSTATES_BYTES).set(midstates);
    this.bytes(this.#exports.inputPlace(), message.length).set(message);
    const length = this.#exports.hashInput(message.length);
    this.bytes(this.#exports.inputPlace(), message.length).fill(0);
    return this.bytes(this.#exports.hashPlace(), length).toString('latin1');
  }

  /** Scans the records; the number of them, or -1 when they are more than there is room for. */
  scan(chunks: readonly Uint8Array[], length: number, applyHeaders: boolean): number {
    const input = this.bytes(this.#exports.inputPlace(), length);
    let at = 0;
    for (const chunk of chunks) {
      input.set(chunk, at);
      at += chunk.length;
    }
    return this.#exports.scan(length, applyHeaders);
  }

  /** Clears what `length` bytes of input, and all that was made of them, left in the memory. */
  wipe(length: number): void {
    this.#exports.wipeBatch(length);
  }

  get kept(): number {
    return this.#exports.keptCount.value;
  }

  statuses(records: number): Uint8Array {
    return new Uint8Array(this.bytes(this.#exports.statusesPlace(), records));
  }

  /** How many records of the batch are written at each level. */
  levelCounts(): LevelCounts {
    const counts = this.bytes(this.#exports.levelCountsPlace(), 4 * LEVELS);
    const at = (level: number): number => counts.readUInt32LE(4 * level);
    return {
      none: at(LEVEL_NONE),
      metadata: at(LEVEL_METADATA),
      request: at(LEVEL_REQUEST),
      full: at(LEVEL_FULL),
    };
  }

  /** One of a record's numbers, by its place in the record's row (kernel/numbers/record-table.ts). */
  recordNumber(record: number, place: number): number {
    return this.bytes(this.#exports.recordsPlace() + record * RECORD_BYTES + place, 4).readUInt32LE();
  }

  /** `time` is given to the records of the batch that have none. */
  useTime(time: string): void {
    const text = Buffer.from(time);
    this.bytes(this.#exports.timePlace(), text.length).set(text);
    this.#exports.useTime(text.length);
  }

  /** The place of the first entry of the plan. */
  get planPlace(): number {
    return this.#exports.planPlace();
  }

  /** A bit for each kind of plan entry that counts for a record in the line of the device that was chosen. */
  lineKinds(record: number): number {
    return this.#exports.lineKinds(record);
  }

  /** Chooses the device that is rendered for: one of the line formats, and a bit for each kind of plan entry that is hashed. */
  useLine(format: number, hashed: number, elide: boolean, prefix: Uint8Array): void {
    this.bytes(this.#exports.prefixPlace(), prefix.length).set(prefix);
    this.#exports.useLine(format, hashed, elide, prefix.length);
  }

  /** Where each kept record's line will end, one line after the other; a line longer than `limit` is empty. */
  measure(limit: number): Uint32Array {
    this.#exports.measureLines(limit);
    const kept = this.kept;
    return new Uint32Array(this.#exports.memory.buffer, this.#exports.endsPlace(), kept).slice();
  }

  /** Renders the measured lines into a new buffer outside this memory. */
  render(midstates: Uint8Array, length: number): Buffer {
    this.bytes(this.#exports.midstatesPlace(), MIDSTATES_BYTES).set(midstates);
    this.#exports.useMidstates();
    this.#target = Buffer.allocUnsafeSlow(length);
    this.#taken = 0;
    try {
      this.#exports.renderLines();
      if (this.#taken !== length) throw new Error('Cannot render lines: measured and written lengths differ');
      return this.#target;
    } finally {
      this.#target = Buffer.alloc(0);
      this.#exports.wipeHashing();
    }
  }

  #take(at: number, length: number): void {
    this.#target.set(this.bytes(at >>> 0, length >>> 0), this.#taken);
    this.#taken += length >>> 0;
  }
}
