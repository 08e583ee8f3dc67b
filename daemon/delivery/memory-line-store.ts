import { joinLines, type Lines } from '../../format/lines.ts';
import { LinePieces } from './line-pieces.ts';
import type { LineStore } from './line-store.ts';

/** Lines that wait in memory, in the pieces in which they came. */
export class MemoryLineStore implements LineStore {
  /** Marked with their arrival. */
  readonly #pieces = new LinePieces<number>();
  #first = 0;

  get bytes(): number {
    return this.#pieces.bytes;
  }

  get first(): number {
    return this.#first;
  }

  get next(): number {
    return this.#first + this.#pieces.count;
  }

  get oldestArrival(): number | null {
    return this.#pieces.mark ?? null;
  }

  append(lines: Lines, arrival: number): void {
    this.#pieces.push(lines, arrival);
  }

  peek(maxBytes: number, maxLines: number): Lines {
    return joinLines(this.#pieces.peek(maxBytes, maxLines).map(({ lines }) => lines));
  }

  release(end: number): void {
    this.#pieces.drop(end - this.#first);
    this.#first = end;
  }
}
