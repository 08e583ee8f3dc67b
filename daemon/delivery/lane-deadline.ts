import type { Clock } from '../clock.ts';
import type { LaneQueue } from './lane-queue.ts';
import { LostTime } from './lost-time.ts';

/** How often lost time is looked for while records wait. */
const beatMs = 100;

export interface LaneDeadlineParts {
  readonly clock: Clock;
  readonly queue: LaneQueue;
  /** 0: records are never late. */
  readonly writeTimeoutMs: number;
  /** Called before records are found to be late. */
  readonly onLook: () => void;
  readonly onLate: (records: number) => void;
}

/** Finds the records of a lane whose time is over. It is the device's time: when the event loop could not run, it stood still. */
export class LaneDeadline {
  readonly #parts: LaneDeadlineParts;
  readonly #lost: LostTime;
  #cancel: (() => void) | null = null;

  constructor(parts: LaneDeadlineParts) {
    this.#parts = parts;
    this.#lost = new LostTime(parts.clock);
  }

  /** For how long the oldest record has waited; 0 when none does. */
  get waitedMs(): number {
    const { clock, queue, writeTimeoutMs } = this.#parts;
    this.#lost.notice(2 * writeTimeoutMs);
    return queue.oldestArrival === null ? 0 : this.#waitedMs(queue.oldestArrival, clock.now());
  }

  #waitedMs(arrival: number, now: number): number {
    return now - arrival - this.#lost.since(arrival, this.#parts.writeTimeoutMs);
  }

  /** One timer, for the oldest record that can still be in time: its successors cannot be late before it. */
  arm(): void {
    const { clock, queue, writeTimeoutMs } = this.#parts;
    if (this.#cancel !== null || writeTimeoutMs === 0) return;
    const oldest = queue.oldestPunctual;
    if (oldest === null) return;
    const ms = Math.min(beatMs, Math.max(0, writeTimeoutMs - this.#waitedMs(oldest, clock.now())));
    this.#lost.expect(clock.now() + ms);
    this.#cancel = clock.setTimer(ms, () => {
      this.#cancel = null;
      this.#look();
      this.#lost.expect(null);
      this.arm();
    });
  }

  #look(): void {
    const { clock, queue, writeTimeoutMs, onLook, onLate } = this.#parts;
    this.#lost.notice(2 * writeTimeoutMs);
    // Before the look: what is late now must not be less so to whoever looks.
    const now = clock.now();
    onLook();
    for (;;) {
      const oldest = queue.oldestPunctual;
      if (oldest === null || this.#waitedMs(oldest, now) < writeTimeoutMs) return;
      onLate(queue.expire(oldest));
    }
  }

  cancel(): void {
    this.#cancel?.();
  }
}
