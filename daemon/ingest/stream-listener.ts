import type net from 'node:net';
import type { StreamListenerConfig } from '../../config/config.ts';
import { whyUnmet } from '../delivery/requirement.ts';
import type { Log } from '../log/log.ts';
import { peerGone } from '../sockets/peer-gone.ts';
import { shutInput } from '../sockets/shut-input.ts';
import { changeSocketMode } from '../sockets/socket-mode.ts';
import { ClientConnection } from './client-connection.ts';
import { connectionBounds } from './connection-bounds.ts';
import { DoorKeeper } from './door-keeper.ts';
import { FullHouseWarning } from './full-house-warning.ts';
import type { IngestSettings } from './ingest-settings.ts';
import { ListeningDoor } from './listening-door.ts';
import { RefusalWarning } from './refusal-warning.ts';
import { Session } from './session.ts';
import type { SharedBounds } from './shared-bounds.ts';
import { SilentConnection } from './silent-connection.ts';
import { StreamSeat } from './stream-seat.ts';
import type { RefusalLog } from './untold-refusals.ts';

/** A UNIX stream socket that takes records: accepts clients, and ends them when the daemon stops. */
export class StreamListener {
  #config: StreamListenerConfig;
  readonly #shared: IngestSettings;
  readonly #together: SharedBounds;
  readonly #log: Log;
  readonly #connections = new Set<ClientConnection | SilentConnection>();
  readonly #warning: FullHouseWarning;
  readonly #refusals: RefusalLog;
  #door: ListeningDoor | null = null;
  /** While its clients are not answered. */
  #keeper: DoorKeeper | null = null;

  private constructor(
    config: StreamListenerConfig,
    shared: IngestSettings,
    together: SharedBounds,
    log: Log,
  ) {
    this.#config = config;
    this.#shared = shared;
    this.#together = together;
    this.#log = log;
    this.#warning = new FullHouseWarning(config.path, log);
    const warning = new RefusalWarning(config.path, shared.clock, log);
    this.#refusals = { listener: config.path, warning };
  }

  /** Listens. Rejects with `SocketPathRefused` when the path cannot be had. */
  static async open(
    config: StreamListenerConfig,
    shared: IngestSettings,
    together: SharedBounds,
    log: Log,
  ): Promise<StreamListener> {
    const listener = new StreamListener(config, shared, together, log);
    const { path, mode, group } = config;
    listener.#door = await ListeningDoor.open(
      path,
      { mode, group },
      {
        accept: (client) => listener.#accept(client),
        failed: (error) => log.error('listener failed', { listener: path, error: error.code ?? error.name }),
      },
    );
    together.places.open(listener);
    await listener.#keepDoor();
    return listener;
  }

  /** Has the door kept shut while nothing can be recorded, where nobody is answered. */
  async #keepDoor(): Promise<void> {
    if (this.#config.replies !== 'none') {
      await this.#keeper?.endOpen();
      this.#keeper = null;
      return;
    }
    this.#keeper ??= new DoorKeeper({
      door: this.#door!,
      listener: this.path,
      reason: () => this.#whyShut(),
      mode: () => this.#config.mode,
      clock: this.#shared.clock,
      log: this.#log,
    });
  }

  #whyShut(): string | null {
    const { broker } = this.#shared;
    if (!broker.works)
      return whyUnmet(
        broker.requirement,
        broker.lanes.map((lane) => lane.status()),
      );
    return this.#together.places.mayAdmit(this) ? null : 'too many connections';
  }

  get path(): string {
    return this.#config.path;
  }

  get config(): StreamListenerConfig {
    return this.#config;
  }

  #accept(client: net.Socket): void {
    const { places } = this.#together;
    this.#warning.look(places.full, this.#shared.limits.connections);
    // Who is not answered could not be told that it was in vain: for those the door is shut in time.
    if (this.#config.replies === 'none') {
      if (places.mayAdmit(this)) places.admit(this);
    } else if (!places.admit(this)) {
      client.destroy();
      return;
    }
    const connection = this.#connect(client);
    const seat = new StreamSeat(connection, this.#shared.clock);
    places.join(this, seat);
    client.on('data', () => {
      seat.heard();
      places.heard(this, seat);
    });
    this.#connections.add(connection);
    client.once('close', () => places.leave(this, seat));
    void connection.over.then(() => this.#connections.delete(connection));
    if (!places.mayAdmit(this)) this.#keeper?.look();
  }

  #connect(client: net.Socket): ClientConnection | SilentConnection {
    const config = this.#config;
    const parts = {
      socket: client,
      shared: this.#shared,
      together: this.#together,
      bounds: connectionBounds,
    };
    if (config.replies === 'none') {
      return new SilentConnection({
        ...parts,
        shutInput: () => shutInput(client),
        peerGone: () => peerGone(client),
        openDoor: (decided, fail) => new Session(this.#shared, config, this.#refusals, decided, fail),
      });
    }
    return new ClientConnection({
      ...parts,
      replies: config.replies,
      openDoor: (reply, fail) => new Session(this.#shared, config, null, reply, fail),
    });
  }

  /** Takes on new settings for the same path: the mode at once, the rest for clients that connect from now on. */
  async update(config: StreamListenerConfig): Promise<void> {
    if (config.mode !== this.#config.mode) await changeSocketMode(this.path, config.mode, this.#log);
    this.#config = config;
    await this.#keepDoor();
  }

  /**
   * No more clients; the socket file goes. Those connected stay until `stop`. Where nobody is answered, those who wait
   * come in before: what they have sent is sent, for all they know.
   */
  async closeDoor(): Promise<void> {
    await this.#keeper?.end();
    this.#together.places.close(this);
    await this.#door?.close(this.#config.replies === 'none');
  }

  /** Those of its clients that are not answered. */
  get silentConnections(): readonly SilentConnection[] {
    return [...this.#connections].filter((connection) => connection instanceof SilentConnection);
  }

  /** Answers what was read from every client and closes them; resolves when all are gone. */
  async stop(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.stop()));
    this.#refusals.warning.end();
  }

  /** Ends clients that are still there, answered or not. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}
