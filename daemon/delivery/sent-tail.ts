import type { LostScope } from '../../devices/device.ts';
import type { Lines } from '../../format/lines.ts';

/**
 * A peer that closes in order had read all that had reached it; what was written in this time before may have
 * been on its way still. Far more than a round trip, far less than would flood a collector with duplicates.
 */
const recentMs = 10_000;

/**
 * The last lines a device took, kept while they may sit in socket buffers that die with the connection: the lane
 * sends them again on the next one. Bounded by what those buffers can hold, so older lines were read for certain.
 */
export class SentTail {
  readonly #limitBytes: number;
  #sent: { readonly lines: Lines; readonly at: number }[] = [];
  /** What comes before this index is forgotten; the array is cut when that is much. */
  #head = 0;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(lines: Lines, now: number): void {
    if (this.#limitBytes === 0 || lines.ends.length === 0) return;
    this.#sent.push({ lines, at: now });
    this.#bytes += lines.bytes.length;
    while (this.#bytes - this.#sent[this.#head]!.lines.bytes.length >= this.#limitBytes) {
      this.#bytes -= this.#sent[this.#head]!.lines.bytes.length;
      this.#head++;
    }
    if (this.#head >= 1024 && this.#head * 2 > this.#sent.length) {
      this.#sent.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Gives back, oldest first, what may be lost, and forgets everything. */
  take(scope: LostScope, now: number): Lines[] {
    const doubtful = this.#sent
      .slice(this.#head)
      .filter((sent) => scope === 'all' || now - sent.at <= recentMs);
    this.#sent = [];
    this.#head = 0;
    this.#bytes = 0;
    return doubtful.map((sent) => sent.lines);
  }
}
