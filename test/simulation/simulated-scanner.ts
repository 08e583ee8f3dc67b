import type { Clock } from '../../daemon/clock.ts';
import { type LargeMessage, LargeScan } from '../../format/large-scan.ts';
import type { LargeScanner, LargeScannerEvents } from '../../format/large-thread.ts';
import type { Random } from './random.ts';

/** The longest that one record takes, in virtual milliseconds. */
export const longestScanMs = 40;

/** In place of the thread: the same scan in this process, some virtual time later. Now and then it dies. */
export class SimulatedScanner implements LargeScanner {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: LargeScannerEvents;
  readonly #scan = new LargeScan();
  #alive = true;

  constructor(clock: Clock, random: Random, events: LargeScannerEvents) {
    this.#clock = clock;
    this.#random = random;
    this.#events = events;
  }

  post(message: LargeMessage): void {
    // Nothing is asked before the last question is answered.
    if (message.kind === 'done') {
      this.#scan.take(message);
      return;
    }
    const dies = this.#random.chance(0.05);
    this.#clock.setTimer(this.#random.between(0, longestScanMs), () => {
      if (!this.#alive) return;
      const report = this.#scan.take(message)!;
      if (!dies) {
        this.#events.onReport(report);
        return;
      }
      this.#scan.take({ kind: 'done' });
      this.#alive = false;
      this.#events.onDeath(new Error('planted'));
    });
  }

  end(): void {
    this.#alive = false;
  }
}
