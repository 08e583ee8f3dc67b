import type { Clock } from '../clock.ts';

/** Timers are late by a little always: only what is later counts as lost. */
const ordinaryLatenessMs = 25;

interface Stretch {
  /** Monotonic milliseconds at its end. */
  readonly end: number;
  readonly ms: number;
}

/**
 * Time in which the event loop could not run. What devices did in it was not seen, nor was what they were to do next
 * given to them: deadlines do not count it.
 */
export class LostTime {
  readonly #clock: Clock;
  /** Those that a deadline may still have to leave out; the oldest first. */
  #stretches: Stretch[] = [];
  #dueAt: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A timer has been set for then: when it is late, so was everything. `null`: none is. */
  expect(dueAt: number | null): void {
    this.#dueAt = dueAt;
  }

  /** Sees whether the timer is late, be it that it has not fired yet. Forgets what is older than `keepMs`. */
  notice(keepMs: number): void {
    if (this.#dueAt === null) return;
    const now = this.#clock.now();
    const ms = now - this.#dueAt;
    if (ms <= ordinaryLatenessMs) return;
    this.#dueAt = now;
    this.#stretches.push({ end: now, ms });
    const oldest = now - keepMs;
    this.#stretches = this.#stretches.filter(({ end }) => end >= oldest);
  }

  /**
   * How much of the time from `since` on was lost: the longest stretch, and of the others `mostMs` together. Where the loop is
   * late all the time, no deadline would ever pass.
   */
  since(since: number, mostMs: number): number {
    let longest = 0;
    let all = 0;
    for (const { end, ms } of this.#stretches) {
      const lost = Math.max(0, Math.min(ms, end - since));
      longest = Math.max(longest, lost);
      all += lost;
    }
    return longest + Math.min(all - longest, mostMs);
  }
}
