/** The first block of a record: what the beginning of an ordinary one takes. */
const smallestBlock = 1024;

/** Blocks grow with what is held up to here; more would be waste where a record ends soon. */
const largestBlock = 64 * 1024;

/** From here on a read is held as it came: the objects around it are small beside it, and copying it would cost more. */
const largeRead = 16 * 1024;

/**
 * The bytes of one unfinished record, in blocks of its own. A Buffer a read would cost a hundred times its byte when
 * bytes come one by one; joining all of them for each read would take quadratic time for a large record.
 */
export class HeldBytes {
  /** All full but the last. */
  #blocks: Buffer[] = [];
  #bytes = 0;
  /** Bytes at the end of the last block that are not used yet. */
  #room = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The byte that came last. */
  get last(): number | undefined {
    const block = this.#blocks.at(-1);
    return block?.[block.length - this.#room - 1];
  }

  /** Takes the bytes over: they are held, or copied and wiped. */
  add(bytes: Buffer): void {
    const rest = bytes.subarray(this.#fill(bytes));
    // A part of a read keeps all of it in memory.
    if (rest.length >= largeRead && rest.length * 2 >= rest.buffer.byteLength) {
      this.#blocks.push(rest);
      this.#bytes += rest.length;
    } else if (rest.length > 0) {
      const size = Math.max(rest.length, Math.min(Math.max(this.#bytes, smallestBlock), largestBlock));
      this.#blocks.push(Buffer.alloc(size));
      this.#room = size;
      this.#fill(rest);
    }
  }

  /** Moves as many bytes as there is room for; returns how many. */
  #fill(bytes: Buffer): number {
    const moved = Math.min(this.#room, bytes.length);
    if (moved === 0) return 0;
    const block = this.#blocks.at(-1)!;
    bytes.copy(block, block.length - this.#room, 0, moved);
    bytes.fill(0, 0, moved);
    this.#room -= moved;
    this.#bytes += moved;
    return moved;
  }

  /** All of it, in order: whoever takes it wipes it. */
  take(): Buffer[] {
    const blocks = this.#blocks;
    if (this.#room > 0) {
      const last = blocks.pop()!;
      blocks.push(last.subarray(0, last.length - this.#room));
    }
    this.#forget();
    return blocks;
  }

  wipe(): void {
    for (const block of this.#blocks) block.fill(0);
    this.#forget();
  }

  #forget(): void {
    this.#blocks = [];
    this.#bytes = 0;
    this.#room = 0;
  }
}
