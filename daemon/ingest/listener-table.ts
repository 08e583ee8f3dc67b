import type { HttpListenerConfig, ListenerConfig, StreamListenerConfig } from '../../config/config.ts';
import { discardMemory } from '../../format/spent-memory.ts';
import type { Clock } from '../clock.ts';
import { within } from '../delivery/within.ts';
import { addressText } from '../http/address-text.ts';
import type { Log } from '../log/log.ts';
import { SocketPathRefused } from '../sockets/socket-file.ts';
import { ConnectionPlaces, placesFor } from './connection-places.ts';
import { HttpListener, longestRequestMs } from './http-listener.ts';
import type { IngestSettings } from './ingest-settings.ts';
import { readLastBytes } from './last-bytes.ts';
import { MemoryBudget } from './memory-budget.ts';
import { objectCosts } from './object-costs.ts';
import type { SharedBounds } from './shared-bounds.ts';
import { StreamListener } from './stream-listener.ts';
import { Turns, turnSizes } from './turns.ts';

type Listener = StreamListener | HttpListener;

/** What a new list of listeners will change. Nothing has changed yet but that new ones listen. */
export interface ListenerChange {
  readonly opened: readonly Listener[];
  /** Those that stay, with what makes their new settings theirs. */
  readonly kept: ReadonlyMap<Listener, () => Promise<void>>;
  readonly removed: readonly Listener[];
}

/** The listeners for records. Changes come in two halves: all that can fail first, then what cannot. */
export class ListenerTable {
  readonly #shared: IngestSettings;
  readonly #together: SharedBounds;
  readonly #log: Log;
  #listeners: readonly Listener[] = [];
  /** Removed by a reload, while their clients still get their replies. */
  readonly #ending = new Map<Listener, Promise<void>>();

  constructor(shared: IngestSettings, clock: Clock, log: Log) {
    this.#shared = shared;
    this.#together = {
      memory: new MemoryBudget(() => shared.limits.totalBytes, clock, discardMemory),
      turns: new Turns(clock, turnSizes),
      costs: objectCosts,
      places: new ConnectionPlaces(() => placesFor(shared.limits), shared.counters),
    };
    this.#log = log;
  }

  /** `host:port` or path of each, with the port that the system chose. */
  get addresses(): readonly string[] {
    return this.#listeners.map(shown);
  }

  /** Opens listeners at new addresses. Rejects with `SocketPathRefused` or `ListenRefused`, having closed those it opened. */
  async prepare(configs: readonly ListenerConfig[]): Promise<ListenerChange> {
    const opened: Listener[] = [];
    const kept = new Map<Listener, () => Promise<void>>();
    try {
      for (const config of configs) {
        const current = this.#keep(config);
        if (current !== null) {
          refuseOtherGroup(current.listener.config, config);
          kept.set(current.listener, current.update);
        } else opened.push(await this.#open(config));
      }
    } catch (error) {
      await this.#close(opened);
      throw error;
    }
    return { opened, kept, removed: this.#listeners.filter((listener) => !kept.has(listener)) };
  }

  /** The listener that is of this kind and at this address already. */
  #keep(config: ListenerConfig): { listener: Listener; update: () => Promise<void> } | null {
    for (const listener of this.#listeners) {
      if (config.kind === 'stream' && listener instanceof StreamListener && listener.path === config.path)
        return { listener, update: () => listener.update(config) };
      if (
        config.kind === 'http' &&
        listener instanceof HttpListener &&
        listener.name === addressText(config.address)
      )
        return { listener, update: () => listener.update(config) };
    }
    return null;
  }

  #open(config: StreamListenerConfig | HttpListenerConfig): Promise<Listener> {
    return config.kind === 'stream'
      ? StreamListener.open(config, this.#shared, this.#together, this.#log)
      : HttpListener.open(config, this.#shared, this.#together, this.#log, longestRequestMs);
  }

  async #close(listeners: readonly Listener[]): Promise<void> {
    for (const listener of listeners) {
      await listener.closeDoor();
      void listener.stop();
      await this.#readLast([listener], 0);
      listener.destroy();
    }
  }

  async abandon(change: ListenerChange): Promise<void> {
    await this.#close(change.opened);
  }

  /** Cannot fail. Clients of removed listeners get their last replies while this has long returned. */
  async commit(change: ListenerChange): Promise<void> {
    this.#listeners = [...change.kept.keys(), ...change.opened];
    for (const listener of change.removed) this.#ending.set(listener, this.#end(listener));
    for (const update of change.kept.values()) await update();
    for (const listener of change.opened) this.#log.info('listening', { listener: shown(listener) });
  }

  async #end(listener: Listener): Promise<void> {
    const { clock, limits } = this.#shared;
    await listener.closeDoor();
    await within(clock, limits.stopTimeoutMs, listener.stop());
    await this.#readLast([listener], 0);
    listener.destroy();
    this.#ending.delete(listener);
    this.#log.info('listener closed', { listener: shown(listener) });
  }

  /** No more clients anywhere. */
  async closeDoors(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.closeDoor()));
  }

  /** Answers what was read and closes every client; resolves when all are gone. */
  async stop(): Promise<void> {
    await Promise.all([...this.#listeners.map((listener) => listener.stop()), ...this.#ending.values()]);
  }

  /**
   * After `stop`: reads what clients that are not answered have sent, within `ms` as devices can record it and then at
   * once. Resolves with the milliseconds that are left.
   */
  async hearSilent(ms: number): Promise<number> {
    const { clock } = this.#shared;
    const until = clock.now() + ms;
    await this.#readLast([...this.#listeners, ...this.#ending.keys()], ms);
    return Math.max(0, until - clock.now());
  }

  async #readLast(listeners: readonly Listener[], ms: number): Promise<void> {
    const silent = listeners.flatMap((listener) =>
      listener instanceof StreamListener ? listener.silentConnections : [],
    );
    const unread = await readLastBytes(this.#shared.clock, silent, ms);
    if (unread > 0) this.#log.error('clients not read to the end', { clients: unread });
  }

  /** Ends clients that are still there, answered or not. */
  destroy(): void {
    for (const listener of [...this.#listeners, ...this.#ending.keys()]) listener.destroy();
  }
}

/** A socket keeps the group it was made with. */
function refuseOtherGroup(before: ListenerConfig, now: ListenerConfig): void {
  if (before.group === now.group) return;
  const name = now.kind === 'stream' ? now.path : addressText(now.address);
  throw new SocketPathRefused(
    `Cannot change the group of "${name}": the daemon listens there already; restart it to use "${now.group}"`,
  );
}

function shown(listener: Listener): string {
  return listener instanceof HttpListener ? listener.address : listener.path;
}
