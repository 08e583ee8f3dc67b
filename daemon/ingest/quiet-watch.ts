import type { Clock } from '../clock.ts';

/** A client that may still send although it is to end has sent its last when nothing has come for so long. */
const quietMs = 50;

/** Finds the end of what a client has sent whose right to send cannot be taken: by the silence behind it. */
export class QuietWatch {
  readonly #clock: Clock;
  readonly #heldBack: () => boolean;
  readonly #quiet: () => void;
  #state: 'idle' | 'watching' | 'over' = 'idle';
  #cancel = (): void => {};

  /** Who is held back cannot be heard, and is not quiet. */
  constructor(clock: Clock, heldBack: () => boolean, quiet: () => void) {
    this.#clock = clock;
    this.#heldBack = heldBack;
    this.#quiet = quiet;
  }

  /** Whether it has begun. */
  get begun(): boolean {
    return this.#state !== 'idle';
  }

  begin(): void {
    this.#state = 'watching';
    this.#wait();
  }

  /** Something has come. */
  heard(): void {
    if (this.#state !== 'watching') return;
    this.#cancel();
    this.#wait();
  }

  end(): void {
    if (this.#state === 'watching') this.#state = 'over';
    this.#cancel();
  }

  #wait(): void {
    this.#cancel = this.#clock.setTimer(quietMs, () => {
      if (this.#heldBack()) this.#wait();
      else this.#quiet();
    });
  }
}
