import { VECTOR_BYTES } from '../kernel/numbers/limits.ts';
import {
  ENTRY_BYTES,
  ENTRY_LENGTH,
  ENTRY_TARGET,
  ENTRY_TEXT,
  ENTRY_WORD,
  STATE_MASK,
  STATE_NAMES,
  WORD_BYTES,
} from '../kernel/numbers/policy-tables.ts';
import type { PolicyPlace } from './kernel.ts';

/** Lays out tables for the kernel: a growing piece of its memory, from the place of the policy on. */
export class TableWriter {
  readonly #place: PolicyPlace;
  #bytes: Buffer = Buffer.alloc(4096);
  #length = 0;

  constructor(place: PolicyPlace) {
    this.#place = place;
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
    return this.#place.address + at;
  }

  /** Writes one address, length or count. */
  set(address: number, value: number): void {
    this.#bytes.writeUInt32LE(value, address - this.#place.address);
  }

  setByte(address: number, value: number): void {
    this.#bytes.writeUInt8(value, address - this.#place.address);
  }

  /** Writes a text, with room for what the kernel reads past its end; returns its address. */
  text(bytes: Uint8Array): number {
    const address = this.reserve(bytes.length + VECTOR_BYTES);
    this.#bytes.set(bytes, address - this.#place.address);
    return address;
  }

  /** Gives a state its names, each with a target, in a hash table at most half full. */
  names(state: number, targets: ReadonlyMap<string, number>): void {
    if (targets.size === 0) return;
    let size = 4;
    while (size < 2 * targets.size) size *= 2;
    const table = this.reserve(size * ENTRY_BYTES);
    for (const [name, target] of targets) {
      const bytes = Buffer.from(name);
      let slot = this.#place.nameHash(firstWord(bytes), bytes.length);
      while (this.#read(table + (slot & (size - 1)) * ENTRY_BYTES + ENTRY_TARGET) !== 0) slot++;
      this.entry(table + (slot & (size - 1)) * ENTRY_BYTES, bytes, target);
    }
    this.set(state + STATE_NAMES, table);
    this.set(state + STATE_MASK, size - 1);
  }

  /** Writes one name with its target. */
  entry(address: number, name: Buffer, target: number): void {
    this.#bytes.writeBigUInt64LE(firstWord(name), address + ENTRY_WORD - this.#place.address);
    this.set(address + ENTRY_LENGTH, name.length);
    this.set(address + ENTRY_TEXT, this.text(name));
    this.set(address + ENTRY_TARGET, target);
  }

  /** The bytes so far. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #read(address: number): number {
    return this.#bytes.readUInt32LE(address - this.#place.address);
  }
}

function firstWord(name: Buffer): bigint {
  const word = Buffer.alloc(WORD_BYTES);
  name.copy(word);
  return word.readBigUInt64LE();
}
