import type { Clock } from '../clock.ts';

/** How often it is looked whether the chunk must still wait. */
const reviewMs = 50;

/** A chunk that was read from a client and waits until a device can record. */
export class WaitingChunk {
  readonly #clock: Clock;
  readonly #mustWait: () => boolean;
  readonly #released: () => void;
  #chunk: Buffer | null = null;
  #cancelReview: (() => void) | null = null;

  /** `released` is told once a chunk need wait no longer, unless it was taken before. */
  constructor(clock: Clock, mustWait: () => boolean, released: () => void) {
    this.#clock = clock;
    this.#mustWait = mustWait;
    this.#released = released;
  }

  get empty(): boolean {
    return this.#chunk === null;
  }

  get bytes(): number {
    return this.#chunk?.length ?? 0;
  }

  put(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#reviewLater();
  }

  take(): Buffer | null {
    this.#cancelReview?.();
    this.#cancelReview = null;
    const chunk = this.#chunk;
    this.#chunk = null;
    return chunk;
  }

  #reviewLater(): void {
    this.#cancelReview ??= this.#clock.setTimer(reviewMs, () => {
      this.#cancelReview = null;
      if (this.#mustWait()) this.#reviewLater();
      else this.#released();
    });
  }
}
