import PQueue from 'p-queue';
import { OptionsRefused } from '../../devices/device-kind.ts';
import { PolicyRefused } from '../../format/policy-refused.ts';
import { SaltRefused } from '../state/salt-refused.ts';
import { StateRefused } from '../state/state-refused.ts';
import { DevicesRefused } from '../table/devices-refused.ts';
import { AdminRefused } from './admin-control.ts';

/** Changes of what is there, one after another, whoever makes them. The API makes none once the daemon is stopping. */
export class ChangeTurns {
  readonly #turns = new PQueue({ concurrency: 1 });
  #stopping = false;

  /** Runs a change that is not the API's, such as a reload, when no other is under way. */
  async alone<T>(change: () => Promise<T>): Promise<T> {
    return this.#turns.add(change);
  }

  /** Runs a change of the API when no other is under way. */
  async take(change: () => Promise<void>): Promise<void> {
    await this.#turns.add(async () => {
      this.refuseWhenStopping();
      await change();
    });
  }

  refuseWhenStopping(): void {
    if (this.#stopping) throw new AdminRefused('the daemon is stopping', 503);
  }

  /** Refuses changes of the API from now on. */
  stop(): void {
    this.#stopping = true;
  }

  /** Resolves when those under way are through. */
  async idle(): Promise<void> {
    await this.#turns.onIdle();
  }
}

/** Tells the caller what was refused, in the way of the API. */
export async function refusingCaller(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (
      error instanceof OptionsRefused ||
      error instanceof DevicesRefused ||
      error instanceof PolicyRefused
    ) {
      throw new AdminRefused(error.message);
    }
    if (error instanceof StateRefused || error instanceof SaltRefused) {
      throw new AdminRefused(error.message, 500);
    }
    throw error;
  }
}
