import type { LineOptions } from '../../format/line-options.ts';
import { TornJson } from './torn-json.ts';
import { TornJsonx } from './torn-jsonx.ts';
import type { TornText } from './torn-text.ts';

/** What the lines of a device look like. */
export type LineShape = Pick<LineOptions, 'format' | 'jsonxFragment' | 'prefix'>;

/** The part of a line that is in a file, given piece by piece. */
export class TornLine {
  readonly #prefix: Buffer;
  readonly #text: TornText;
  #length = 0;
  #ours = true;

  constructor({ format, jsonxFragment, prefix }: LineShape) {
    this.#prefix = Buffer.from(prefix);
    this.#text = format === 'jsonx' ? new TornJsonx(jsonxFragment) : new TornJson();
  }

  /** Whether a line of the device can begin like this. */
  get ours(): boolean {
    return this.#ours;
  }

  /** Whether it can only be a line that such a device has written, as far as that can be seen from what is there. */
  get known(): boolean {
    return this.#ours && this.#text.known;
  }

  take(piece: Buffer): void {
    for (const byte of piece) {
      if (!this.#ours) return;
      const at = this.#length++;
      this.#ours = at < this.#prefix.length ? byte === this.#prefix[at] : this.#text.take(byte);
    }
  }

  /** What ends the line: as one of the device that says `torn`, or, where it is none, as it is. */
  ending(): Buffer {
    const newline = Buffer.from('\n');
    if (!this.#ours) return newline;
    return Buffer.concat([this.#prefix.subarray(this.#length), this.#text.rest(), newline]);
  }
}
