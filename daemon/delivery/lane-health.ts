import type { DeviceFailure } from '../../devices/device.ts';
import type { Clock } from '../clock.ts';
import { type LaneState, type LaneStatus, takesRecords } from './lane-status.ts';

/** With no write timeout, a device that takes nothing for this long is called slow all the same. */
const slowWithoutTimeoutMs = 1_000;

/** A lane's state: entered in one place, with since when, for how long in all it was blocked, and the last failure. */
export class LaneHealth {
  readonly #clock: Clock;
  readonly #changed: (from: LaneState, to: LaneState) => void;
  #state: LaneState = 'ok';
  #takes = true;
  #since: number;
  #blockedSince: number | null = null;
  #blockedMs = 0;
  #lastFailure: LaneStatus['lastFailure'] = null;

  constructor(clock: Clock, changed: (from: LaneState, to: LaneState) => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.#since = clock.wallTime();
  }

  get state(): LaneState {
    return this.#state;
  }

  /** Whether it records in time, whatever else is wrong. */
  get takes(): boolean {
    return this.#takes;
  }

  /** Wall-clock milliseconds. */
  get since(): number {
    return this.#since;
  }

  get lastFailure(): LaneStatus['lastFailure'] {
    return this.#lastFailure;
  }

  /** Milliseconds in `blocked`, the present episode included. */
  get blockedMs(): number {
    return this.#blockedMs + (this.#blockedSince === null ? 0 : this.#clock.now() - this.#blockedSince);
  }

  failed(failure: DeviceFailure): void {
    this.#lastFailure = { reason: failure.reason, message: failure.message, at: this.#clock.wallTime() };
  }

  /**
   * Derives the state from what can be seen: does the device report errors, and for how long (milliseconds) has
   * the oldest record waited, against the write timeout (0: none)? `astray`: it could not follow a rotation.
   */
  observe(trouble: 'failing' | 'astray' | null, oldestWaitingMs: number, writeTimeoutMs: number): void {
    if (this.#state === 'disabled') return;
    const state = trouble === 'failing' ? 'failing' : stateOfQueue(oldestWaitingMs, writeTimeoutMs);
    this.#takes = takesRecords(state);
    this.#enter(trouble === 'astray' && this.#takes ? 'failing' : state);
  }

  /** Final. */
  disable(): void {
    this.#takes = false;
    this.#enter('disabled');
  }

  #enter(state: LaneState): void {
    const from = this.#state;
    if (from === state) return;
    this.#blockedMs = this.blockedMs;
    this.#blockedSince = state === 'blocked' ? this.#clock.now() : null;
    this.#state = state;
    this.#since = this.#clock.wallTime();
    this.#changed(from, state);
  }
}

function stateOfQueue(oldestWaitingMs: number, writeTimeoutMs: number): 'ok' | 'slow' | 'blocked' {
  const slowMs = writeTimeoutMs > 0 ? writeTimeoutMs / 2 : slowWithoutTimeoutMs;
  if (writeTimeoutMs > 0 && oldestWaitingMs >= writeTimeoutMs) return 'blocked';
  return oldestWaitingMs >= slowMs ? 'slow' : 'ok';
}
