import type { Destination } from './destination.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** The time a simulated device's calls take, and how they end: with the process, or with a signal. */
export class DeviceWaits {
  readonly #world: World;
  readonly #destination: Destination;
  readonly #random: Random;
  #killed = false;

  constructor(world: World, destination: Destination, random: Random) {
    this.#world = world;
    this.#destination = destination;
    this.#random = random;
  }

  kill(): void {
    this.#killed = true;
  }

  /** Calls back after the destination's latency, unless the process is gone by then. */
  later(callback: () => void): void {
    const { latencyMs } = this.#destination.settings;
    const slow = this.#destination.trouble === 'slow' ? this.#random.between(0, 1_500) : 0;
    this.#world.after(this.#random.between(0, latencyMs) + slow, () => {
      if (!this.#killed) callback();
    });
  }

  /** Calls back once the destination hangs no more: at once when it does not. */
  whenMoving(callback: () => void): void {
    if (this.#destination.trouble !== 'hang') callback();
    else {
      this.#destination.onTroubleChange(() => {
        if (!this.#killed) this.whenMoving(callback);
      });
    }
  }
}
