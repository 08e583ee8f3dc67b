import type { ListenerConfig, StreamListenerConfig } from '../../config/config.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { IngestSettings } from './session.ts';
import { StreamListener } from './stream-listener.ts';

/** What a new list of listeners will change. Nothing has changed yet but that new ones listen. */
export interface ListenerChange {
  readonly opened: readonly StreamListener[];
  readonly kept: ReadonlyMap<StreamListener, StreamListenerConfig>;
  readonly removed: readonly StreamListener[];
}

/** The listeners for records. Changes come in two halves: all that can fail first, then what cannot. */
export class ListenerTable {
  readonly #shared: IngestSettings;
  readonly #budget: MemoryBudget;
  readonly #log: Log;
  #listeners: readonly StreamListener[] = [];

  constructor(shared: IngestSettings, clock: Clock, log: Log) {
    this.#shared = shared;
    this.#budget = new MemoryBudget(shared.limits.totalBytes, clock);
    this.#log = log;
  }

  get paths(): readonly string[] {
    return this.#listeners.map((listener) => listener.path);
  }

  /** Opens listeners on new paths. Rejects with `SocketPathRefused`, having closed those it opened. */
  async prepare(configs: readonly ListenerConfig[]): Promise<ListenerChange> {
    const streams = configs.filter((config) => config.kind === 'stream');
    const opened: StreamListener[] = [];
    const kept = new Map<StreamListener, StreamListenerConfig>();
    try {
      for (const config of streams) {
        const current = this.#listeners.find((listener) => listener.path === config.path);
        if (current !== undefined) kept.set(current, config);
        else opened.push(await StreamListener.open(config, this.#shared, this.#budget, this.#log));
      }
    } catch (error) {
      await Promise.all(opened.map((listener) => listener.closeDoor()));
      throw error;
    }
    return { opened, kept, removed: this.#listeners.filter((listener) => !kept.has(listener)) };
  }

  async abandon(change: ListenerChange): Promise<void> {
    for (const listener of change.opened) {
      await listener.closeDoor();
      listener.destroy();
    }
  }

  async commit(change: ListenerChange): Promise<void> {
    this.#listeners = [...change.kept.keys(), ...change.opened];
    for (const [listener, config] of change.kept) await listener.update(config);
    for (const listener of change.opened) this.#log.info('listening', { listener: listener.path });
    for (const listener of change.removed) {
      await listener.closeDoor();
      await listener.stop();
      this.#log.info('listener closed', { listener: listener.path });
    }
  }

  /** No more clients anywhere. */
  async closeDoors(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.closeDoor()));
  }

  /** Answers what was read and closes every client; resolves when all are gone. */
  async stop(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.stop()));
  }

  /** Ends clients that are still there, answered or not. */
  destroy(): void {
    for (const listener of this.#listeners) listener.destroy();
  }
}
