import { createHash } from 'node:crypto';

const carriageReturn = 0x0d;

/** What is said of the bytes of a record that is not kept. */
export interface DigestedBytes {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** The digest of a record whose bytes come in parts, without its line end. */
export class RawDigest {
  readonly #hash = createHash('sha256');
  #bytes = 0;
  /** The last byte, which belongs to the line end if nothing but the newline follows. */
  #returned = false;

  /** Without the newline. */
  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#returned) this.#update(Buffer.of(carriageReturn));
    this.#returned = bytes.at(-1) === carriageReturn;
    this.#update(this.#returned ? bytes.subarray(0, -1) : bytes);
  }

  #update(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  end(): DigestedBytes {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}
