import { DeviceFailure } from '../../devices/device.ts';
import type { Clock } from '../clock.ts';
import { Backoff } from './backoff.ts';

export interface ReopeningSettings {
  readonly clock: Clock;
  /** Has the device follow its rotation once its write has ended; rejects with the `DeviceFailure`. `begun`: it has come to that. */
  readonly reopen: (begun: () => void) => Promise<void>;
  /** It went astray, or is back. */
  readonly onFailure: (failure: DeviceFailure) => void;
  readonly onFollowed: () => void;
}

/**
 * Follows rotations: one reopening at a time, and after one that failed again until one succeeds, because the device goes on
 * with a file that its readers may no longer look at.
 */
export class Reopening {
  readonly #settings: ReopeningSettings;
  readonly #backoff: Backoff;
  /** The one that waits for its turn. */
  #waiting: Promise<void> | null = null;
  #state: 'following' | 'astray' | 'ended' = 'following';
  #cancel = (): void => {};

  constructor(settings: ReopeningSettings) {
    this.#settings = settings;
    this.#backoff = new Backoff(settings.clock);
  }

  /** Whether the last one failed. */
  get isAstray(): boolean {
    return this.#state === 'astray';
  }

  /**
   * Rejects with the `DeviceFailure`. One that has not begun follows all rotations up to then: behind a hung write they do
   * not pile up.
   */
  follow(): Promise<void> {
    if (this.#waiting !== null) return this.#waiting;
    // The turn may come at once.
    let waits = true;
    const turn = this.#follow(() => {
      waits = false;
      this.#waiting = null;
    });
    if (waits) this.#waiting = turn;
    return turn;
  }

  async #follow(begun: () => void): Promise<void> {
    this.#cancel();
    const { clock, reopen, onFailure, onFollowed } = this.#settings;
    try {
      await reopen(begun);
    } catch (error) {
      if (this.#state !== 'ended') {
        this.#state = 'astray';
        this.#cancel = clock.setTimer(this.#backoff.next(), () => void this.follow().catch(() => {}));
        onFailure(
          error instanceof DeviceFailure
            ? error
            : new DeviceFailure('io', 'Cannot reopen device: internal error'),
        );
      }
      throw error;
    }
    if (this.#state !== 'astray') return;
    this.#state = 'following';
    this.#backoff.opened();
    onFollowed();
  }

  /** No more attempts. */
  end(): void {
    this.#state = 'ended';
    this.#cancel();
  }
}
