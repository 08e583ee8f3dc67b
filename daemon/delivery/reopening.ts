import { DeviceFailure } from '../../devices/device.ts';
import { Backoff } from './backoff.ts';
import type { WriterSettings } from './writer-settings.ts';

/**
 * Follows rotations: one reopening at a time, and after one that failed again until one succeeds, because the device goes on
 * with a file that its readers may no longer look at.
 */
export class Reopening {
  readonly #settings: Pick<WriterSettings, 'clock' | 'events'>;
  readonly #reopen: (begun: () => void) => Promise<void>;
  readonly #backoff: Backoff;
  /** The one that waits for its turn. */
  #waiting: Promise<void> | null = null;
  #state: 'following' | 'astray' | 'ended' = 'following';
  #cancel = (): void => {};

  /** `reopen`: once the write has ended; rejects with the `DeviceFailure`. `begun`: it has come to that. */
  constructor(
    settings: Pick<WriterSettings, 'clock' | 'events'>,
    reopen: (begun: () => void) => Promise<void>,
  ) {
    this.#settings = settings;
    this.#reopen = reopen;
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
    const { clock, events } = this.#settings;
    try {
      await this.#reopen(begun);
    } catch (error) {
      if (this.#state !== 'ended') {
        this.#state = 'astray';
        this.#cancel = clock.setTimer(this.#backoff.next(), () => void this.follow().catch(() => {}));
        events.onFailure(
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
    events.onFollowed();
  }

  /** No more attempts. */
  end(): void {
    this.#state = 'ended';
    this.#cancel();
  }
}
