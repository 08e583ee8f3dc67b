import { readFileSync } from 'node:fs';

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
  grow(pages: number): number;
}
declare const WebAssembly: WebAssemblyInterface;

/** What kernel/index.ts exports; positions are addresses in `memory`. */
interface KernelExports {
  readonly memory: GrowingMemory;
  layout(policyBytes: number, inputBytes: number, records: number, planBytes: number): number;
  policyPlace(): number;
  inputPlace(): number;
  recordsPlace(): number;
  statusesPlace(): number;
  endsPlace(): number;
  prefixPlace(): number;
  timePlace(): number;
  midstatesPlace(): number;
  keyPlace(): number;
  digestPlace(): number;
  readonly keptCount: { readonly value: number };
  deriveMidstates(): void;
  useMidstates(): void;
  hashInput(length: number): void;
  useLine(format: number, hashed: number, elide: boolean, prefixBytes: number, timeBytes: number): void;
  scan(length: number, applyHeaders: boolean): number;
  measureLines(limit: number): number;
  renderLines(): void;
  wipeHashing(): void;
  wipeBatch(length: number): void;
}

/** How much an instance has room for; its plan grows when it must. */
export interface KernelSizes {
  readonly inputBytes: number;
  readonly records: number;
  readonly planBytes: number;
}

/** The kernel needs the highest bit of an address for itself; the rest is for its fixed regions and the growth of the plan. */
const mostBytes = 1.5 * 1024 * 1024 * 1024;
const pageBytes = 65_536;
const midstateBytes = 64;
const blockBytes = 64;
/** Bytes of a record in the kernel's table, and where its numbers lie (kernel/scan.ts). */
const recordBytes = 40;

let compiled: CompiledModule | undefined;

/** Compiled once in a process; instances share the code. */
function kernelModule(): CompiledModule {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../kernel/kernel.wasm', import.meta.url)));
  return compiled;
}

/** A number of the kernel's record table. */
export const recordNumbers = {
  /** Of a refused record: the offset of the fault. */
  start: 0,
  /** Of a refused record: the number of the fault. */
  end: 1,
  lineStart: 2,
  lineLength: 3,
  idAt: 6,
  idLength: 7,
  typeAt: 8,
  typeLength: 9,
} as const;

/** One instance of the kernel with its memory: the only place where records and salts lie while they are worked on. */
export class Kernel {
  readonly sizes: KernelSizes;
  readonly #exports: KernelExports;
  #target: Buffer = Buffer.alloc(0);
  #taken = 0;

  /** `policy` is given the address it will have. */
  constructor(policy: (base: number) => Buffer, sizes: KernelSizes) {
    this.sizes = sizes;
    const instance = new WebAssembly.Instance(kernelModule(), {
      output: { take: (at: number, length: number) => this.#take(at, length) },
    });
    this.#exports = instance.exports as KernelExports;
    const { memory } = this.#exports;
    const base = this.#exports.policyPlace();
    const bytes = policy(base);
    if (bytes.length + 2 * sizes.inputBytes + 64 * sizes.records + sizes.planBytes > mostBytes) {
      throw new RangeError('Cannot scan batch: it does not fit the memory of a kernel');
    }
    const wanted = this.#exports.layout(bytes.length, sizes.inputBytes, sizes.records, sizes.planBytes) >>> 0;
    memory.grow(Math.ceil((wanted - memory.buffer.byteLength) / pageBytes));
    this.bytes(base, bytes.length).set(bytes);
  }

  /** A view of the memory. It is detached when the memory grows, which only `scan` does. */
  bytes(at: number, length: number): Buffer {
    return Buffer.from(this.#exports.memory.buffer, at, length);
  }

  /** All of the memory, for tests that look for what should not be there. */
  get memory(): Buffer {
    return Buffer.from(this.#exports.memory.buffer);
  }

  /** The HMAC midstates of a key of at most 64 bytes. */
  midstates(key: Uint8Array): Uint8Array {
    const block = this.bytes(this.#exports.keyPlace(), blockBytes);
    block.fill(0);
    block.set(key);
    this.#exports.deriveMidstates();
    const midstates = new Uint8Array(this.bytes(this.#exports.midstatesPlace(), midstateBytes));
    this.#exports.wipeHashing();
    return midstates;
  }

  /** The hexadecimal digest of `message`, which must fit the input. No batch may be open. */
  hash(midstates: Uint8Array, message: Uint8Array): string {
    this.bytes(this.#exports.midstatesPlace(), midstateBytes).set(midstates);
    this.bytes(this.#exports.inputPlace(), message.length).set(message);
    this.#exports.hashInput(message.length);
    this.bytes(this.#exports.inputPlace(), message.length).fill(0);
    return this.bytes(this.#exports.digestPlace(), 64).toString('latin1');
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

  /** What `length` bytes of input, and all that was made of them, left in the memory. */
  wipe(length: number): void {
    this.#exports.wipeBatch(length);
  }

  get kept(): number {
    return this.#exports.keptCount.value;
  }

  statuses(records: number): Uint8Array {
    return new Uint8Array(this.bytes(this.#exports.statusesPlace(), records));
  }

  /** One of `recordNumbers`. */
  recordNumber(record: number, which: number): number {
    return this.bytes(this.#exports.recordsPlace() + record * recordBytes + which * 4, 4).readUInt32LE();
  }

  /** `time` is the member that records without one are given. */
  useTime(time: Buffer): void {
    this.bytes(this.#exports.timePlace(), time.length).set(time);
  }

  /** Chooses the device that is rendered for: options by the kernel's numbers. */
  useLine(format: number, hashed: number, elide: boolean, prefix: Buffer, timeBytes: number): void {
    this.bytes(this.#exports.prefixPlace(), prefix.length).set(prefix);
    this.#exports.useLine(format, hashed, elide, prefix.length, timeBytes);
  }

  /** The lengths of all kept records' lines as running ends; a line beyond `limit` has none. */
  measure(limit: number): Uint32Array {
    this.#exports.measureLines(limit);
    const kept = this.kept;
    return new Uint32Array(this.#exports.memory.buffer, this.#exports.endsPlace(), kept).slice();
  }

  /** Renders the measured lines into a new buffer outside this memory. */
  render(midstates: Uint8Array, length: number): Buffer {
    this.bytes(this.#exports.midstatesPlace(), midstateBytes).set(midstates);
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
