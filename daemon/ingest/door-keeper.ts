import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import { systemErrorText } from '../system-error.ts';
import type { ListeningDoor } from './listening-door.ts';

/** How often it is looked whether the door should be open: a listener is back within 100 ms. */
const lookMs = 50;

/** When the path could not be had, it is tried again so much later. */
const retryMs = 1_000;

export interface DoorKeeperParts {
  readonly door: ListeningDoor;
  readonly listener: string;
  /** Why nobody may come in now; `null` when all may. */
  readonly reason: () => string | null;
  readonly mode: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps shut, while nothing can be recorded, the door of a listener that answers nobody: a client that is refused knows
 * it, and one that waits to be read does not.
 */
export class DoorKeeper {
  readonly #parts: DoorKeeperParts;
  #work: Promise<void> = Promise.resolve();
  #cancel: (() => void) | null = null;
  #retryAt = 0;
  #failure = '';

  /** Begins to look. */
  constructor(parts: DoorKeeperParts) {
    this.#parts = parts;
    this.look();
  }

  /** To be called when there may be a reason, too. */
  look(): void {
    const { door, listener, reason, clock, log } = this.#parts;
    this.#cancel?.();
    this.#cancel = clock.setTimer(lookMs, () => this.look());
    const why = reason();
    if (why !== null && door.state === 'open') {
      log.warn('not listening', { listener, reason: why });
      this.#work = door.shut();
    } else if (why === null && door.state === 'shut' && clock.now() >= this.#retryAt) {
      this.#work = this.#open();
    }
  }

  async #open(): Promise<void> {
    const { door, listener, mode, clock, log } = this.#parts;
    try {
      await door.openAgain(mode());
      this.#failure = '';
      log.info('listening again', { listener });
    } catch (error) {
      const failure = error instanceof Error ? error.message : systemErrorText(error);
      if (failure !== this.#failure) log.error('cannot listen again', { listener, error: failure });
      this.#failure = failure;
      this.#retryAt = clock.now() + retryMs;
    }
  }

  /** Looks no more; resolves when the door stays as it is. */
  async end(): Promise<void> {
    this.#cancel?.();
    await this.#work;
  }

  /** The same, and the door is open then if it can be. */
  async endOpen(): Promise<void> {
    await this.end();
    if (this.#parts.door.state === 'shut') await this.#open();
  }
}
