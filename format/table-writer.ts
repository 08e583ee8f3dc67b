/** Bytes that the kernel may read past the end of a text. */
const slack = 16;
const entryBytes = 24;

/** Lays out tables for the kernel: a growing piece of its memory whose first byte has the address `base`. */
export class TableWriter {
  readonly #base: number;
  #bytes: Buffer = Buffer.alloc(4096);
  #length = 0;

  constructor(base: number) {
    this.#base = base;
  }

  /** Takes `size` zero bytes, aligned to eight; returns their address. */
  reserve(size: number): number {
    const at = (this.#length + 7) & ~7;
    this.#length = at + size;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#length, 2 * this.#bytes.length));
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return this.#base + at;
  }

  /** One address or count. */
  set(address: number, value: number): void {
    this.#bytes.writeUInt32LE(value, address - this.#base);
  }

  setByte(address: number, value: number): void {
    this.#bytes.writeUInt8(value, address - this.#base);
  }

  /** A text, with the slack that reading it in steps of 16 bytes needs. */
  text(bytes: Uint8Array): number {
    const address = this.reserve(bytes.length + slack);
    this.#bytes.set(bytes, address - this.#base);
    return address;
  }

  /** Names with a target each, for the kernel's `find`: open addressing over the first eight bytes and the length. */
  names(state: number, targets: ReadonlyMap<string, number>): void {
    if (targets.size === 0) return;
    let size = 4;
    while (size < 2 * targets.size) size *= 2;
    const table = this.reserve(size * entryBytes);
    for (const [name, target] of targets) {
      const bytes = Buffer.from(name);
      let slot = nameHash(bytes);
      while (this.#read(table + (slot & (size - 1)) * entryBytes + 16) !== 0) slot++;
      this.entry(table + (slot & (size - 1)) * entryBytes, bytes, target);
    }
    this.set(state + 4, table);
    this.set(state + 8, size - 1);
  }

  /** One name with its target: the first eight bytes, length, text, target. */
  entry(address: number, name: Buffer, target: number): void {
    this.#bytes.writeBigUInt64LE(firstWord(name), address - this.#base);
    this.set(address + 8, name.length);
    this.set(address + 12, this.text(name));
    this.set(address + 16, target);
  }

  /** The bytes so far. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #read(address: number): number {
    return this.#bytes.readUInt32LE(address - this.#base);
  }
}

function firstWord(name: Buffer): bigint {
  const word = Buffer.alloc(8);
  name.copy(word);
  return word.readBigUInt64LE();
}

/** As `find` in kernel/policy.ts reckons it. */
function nameHash(name: Buffer): number {
  const product = (firstWord(name) ^ BigInt(name.length)) * 0x9e3779b97f4a7c15n;
  return Number(BigInt.asUintN(64, product) >> 40n);
}
