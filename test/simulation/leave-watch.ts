import type { SimulatedDaemon } from './simulated-daemon.ts';
import type { SimulatedSocket } from './simulated-socket.ts';
import type { World } from './world.ts';

/** How often it is looked whether they have left, and how long nothing may happen. */
const lookMs = 50;
const longestMs = 500;

/** Promise 12: clients who are gone and cannot be told anything take no place, while memory has room for what they sent. */
export class LeaveWatch {
  readonly #world: World;
  readonly #daemon: SimulatedDaemon;
  readonly #gone = new Set<SimulatedSocket>();
  #unheardBytes = 0;
  #since = 0;

  constructor(world: World, daemon: SimulatedDaemon) {
    this.#world = world;
    this.#daemon = daemon;
  }

  /** To be told when the client of a silent connection is gone. */
  leaves(socket: SimulatedSocket): void {
    const first = this.#gone.size === 0;
    this.#gone.add(socket);
    this.#since = this.#world.clock.now();
    if (first) this.#lookLater();
  }

  #lookLater(): void {
    this.#world.after(lookMs, () => {
      for (const socket of this.#gone) if (socket.destroyed) this.#gone.delete(socket);
      // At a stop all are read to the end.
      if (this.#gone.size === 0 || !this.#daemon.alive || this.#daemon.isStopping) return;
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const now = this.#world.clock.now();
    let unheardBytes = 0;
    for (const socket of this.#gone) unheardBytes += socket.unheardBytes;
    if (unheardBytes !== this.#unheardBytes || !this.#hasRoom()) this.#since = now;
    this.#unheardBytes = unheardBytes;
    if (now - this.#since <= longestMs) return;
    const detail = `${this.#gone.size} clients who are gone keep their places, with ${unheardBytes} bytes not read`;
    this.#world.violated('gone clients leave', detail);
  }

  #hasRoom(): boolean {
    const { connections, limits, together } = this.#daemon;
    let held = connections.size * together.costs.connection;
    for (const connection of connections) held += connection.bytes;
    return held * 2 < limits.totalBytes;
  }
}
