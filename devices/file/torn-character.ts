/** Follows UTF-8, byte by byte, to know what a character that was cut off wants at its end (RFC 3629, section 4). */
export class TornCharacter {
  #wanted = 0;
  #low = 0x80;
  #high = 0xbf;

  /** Whether `byte` may come next. */
  take(byte: number): boolean {
    if (this.#wanted > 0) {
      if (byte < this.#low || byte > this.#high) return false;
      this.#wanted--;
      this.#low = 0x80;
      this.#high = 0xbf;
      return true;
    }
    if (byte < 0x80) return true;
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#wanted = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte === 0xe0) this.#low = 0xa0;
    if (byte === 0xed) this.#high = 0x9f;
    if (byte === 0xf0) this.#low = 0x90;
    if (byte === 0xf4) this.#high = 0x8f;
    return true;
  }

  /** The bytes that complete it: to some character that JSON and XML 1.0 allow. */
  rest(): Buffer {
    const bytes = Buffer.alloc(this.#wanted, 0x80);
    if (this.#wanted > 0) bytes[0] = this.#low;
    return bytes;
  }
}
