import type { Clock } from '../clock.ts';
import type { RecordAssembler } from './record-assembler.ts';

/** Since when the record that has not ended has been coming. */
export class UnfinishedRecord {
  readonly #assembler: Pick<RecordAssembler, 'heldBytes' | 'begun'>;
  readonly #clock: Pick<Clock, 'now'>;
  #noted: { readonly begun: number; readonly since: number } | null = null;

  constructor(assembler: Pick<RecordAssembler, 'heldBytes' | 'begun'>, clock: Pick<Clock, 'now'>) {
    this.#assembler = assembler;
    this.#clock = clock;
  }

  /** In monotonic milliseconds; `null` when there is none. */
  get since(): number | null {
    return this.#noted?.since ?? null;
  }

  /** To be called whenever bytes came, or were given up. */
  note(): void {
    const { heldBytes, begun } = this.#assembler;
    if (heldBytes === 0) this.#noted = null;
    else if (this.#noted?.begun !== begun) this.#noted = { begun, since: this.#clock.now() };
  }
}
