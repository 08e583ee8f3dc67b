import type { Clock } from '../clock.ts';

/** How often it is looked whether devices can record again. */
const reviewMs = 50;

/** Another look, some time later, at what waits for devices; one at a time. */
export class DeviceReview {
  readonly #clock: Clock;
  readonly #look: () => void;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, look: () => void) {
    this.#clock = clock;
    this.#look = look;
  }

  later(): void {
    this.#cancel ??= this.#clock.setTimer(reviewMs, () => {
      this.#cancel = null;
      this.#look();
    });
  }

  cancel(): void {
    this.#cancel?.();
  }
}
