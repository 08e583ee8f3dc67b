import { type Lines, lineStart, sliceLines } from '../../format/lines.ts';
import { Fifo } from './fifo.ts';

/**
 * What a piece costs beside its bytes (the objects around them). Counted against the bound, so that a flood of
 * tiny records cannot take many times the memory that was configured.
 */
const pieceOverheadBytes = 512;

/** Lines that came together, with what is to be known of all of them. */
export interface Piece<Mark> {
  readonly lines: Lines;
  readonly mark: Mark;
}

interface KeptPiece<Mark> extends Piece<Mark> {
  /** Lines from the start that are gone. */
  gone: number;
}

/** Bytes that lines take while they wait. */
export function costOf(lines: Lines): number {
  return lines.bytes.length + pieceOverheadBytes;
}

/** Lines in memory, first in, first out. */
export class LinePieces<Mark> {
  readonly #pieces = new Fifo<KeptPiece<Mark>>();
  #bytes = 0;
  #count = 0;

  /** Of all lines, with what it costs to keep them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lines. */
  get count(): number {
    return this.#count;
  }

  /** What is known of the first line. */
  get mark(): Mark | undefined {
    return this.#pieces.at(0)?.mark;
  }

  push(lines: Lines, mark: Mark): void {
    this.#pieces.push({ lines, mark, gone: 0 });
    this.#add(lines);
  }

  /** Puts pieces before all others, in the order given. */
  putBefore(pieces: readonly Piece<Mark>[]): void {
    this.#pieces.putBefore(pieces.map(({ lines, mark }) => ({ lines, mark, gone: 0 })));
    for (const { lines } of pieces) this.#add(lines);
  }

  #add(lines: Lines): void {
    this.#bytes += costOf(lines);
    this.#count += lines.ends.length;
  }

  /** The first lines, up to `maxBytes` (one line at least) and `maxLines`; they stay. */
  peek(maxBytes: number, maxLines: number): Piece<Mark>[] {
    const taken: Piece<Mark>[] = [];
    let bytes = 0;
    let count = 0;
    for (let index = 0; index < this.#pieces.length; index++) {
      const { lines, mark, gone } = this.#pieces.at(index)!;
      const start = lineStart(lines, gone);
      let to = gone;
      while (
        to < lines.ends.length &&
        count < maxLines &&
        (count === 0 || bytes + lines.ends[to]! - start <= maxBytes)
      ) {
        to++;
        count++;
      }
      if (to === gone) break;
      const whole = gone === 0 && to === lines.ends.length;
      taken.push({ lines: whole ? lines : sliceLines(lines, gone, to), mark });
      bytes += lines.ends[to - 1]! - start;
      if (to < lines.ends.length) break;
    }
    return taken;
  }

  /** Forgets the first `count` lines. */
  drop(count: number): void {
    this.#count -= count;
    for (let left = count; left > 0; ) {
      const piece = this.#pieces.at(0)!;
      const dropped = Math.min(piece.lines.ends.length - piece.gone, left);
      left -= dropped;
      piece.gone += dropped;
      if (piece.gone < piece.lines.ends.length) return;
      this.#bytes -= costOf(piece.lines);
      this.#pieces.shift();
    }
  }
}
