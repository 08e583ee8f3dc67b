import net from 'node:net';
import type { StreamListenerConfig } from '../../config/config.ts';
import type { Log } from '../log/log.ts';
import { shutInput } from '../sockets/shut-input.ts';
import { type ClaimedSocket, claimSocketPath } from '../sockets/socket-file.ts';
import { changeSocketMode } from '../sockets/socket-mode.ts';
import { ClientConnection } from './client-connection.ts';
import { connectionBounds } from './connection-bounds.ts';
import { FullHouseWarning } from './full-house-warning.ts';
import type { IngestSettings } from './ingest-settings.ts';
import { RefusalWarning } from './refusal-warning.ts';
import { Session } from './session.ts';
import type { SharedBounds } from './shared-bounds.ts';
import { SilentConnection } from './silent-connection.ts';
import { StreamSeat } from './stream-seat.ts';
import type { RefusalLog } from './untold-refusals.ts';
import { acceptWaiting } from './waiting-clients.ts';

/** A UNIX stream socket that takes records: accepts clients, and ends them when the daemon stops. */
export class StreamListener {
  #config: StreamListenerConfig;
  readonly #shared: IngestSettings;
  readonly #together: SharedBounds;
  readonly #log: Log;
  readonly #server: net.Server;
  readonly #socket: ClaimedSocket;
  readonly #connections = new Set<ClientConnection | SilentConnection>();
  readonly #warning: FullHouseWarning;
  readonly #refusals: RefusalLog;
  #door: 'open' | 'closing' = 'open';

  private constructor(
    config: StreamListenerConfig,
    shared: IngestSettings,
    together: SharedBounds,
    log: Log,
    socket: ClaimedSocket,
  ) {
    this.#config = config;
    this.#shared = shared;
    this.#together = together;
    this.#log = log;
    this.#socket = socket;
    this.#warning = new FullHouseWarning(config.path, log);
    const warning = new RefusalWarning(config.path, shared.clock, log);
    this.#refusals = { listener: config.path, warning };
    // Half open: a client may end its input and still read the replies that are due.
    this.#server = net.createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    this.#server.on('error', (error: NodeJS.ErrnoException) => {
      this.#log.error('listener failed', { listener: this.path, error: error.code ?? error.name });
    });
  }

  /** Listens. Rejects with `SocketPathRefused` when the path cannot be had. */
  static async open(
    config: StreamListenerConfig,
    shared: IngestSettings,
    together: SharedBounds,
    log: Log,
  ): Promise<StreamListener> {
    const socket = await claimSocketPath(config.path, { mode: config.mode, group: config.group });
    const listener = new StreamListener(config, shared, together, log, socket);
    await socket.listen(listener.#server);
    together.places.open(listener);
    return listener;
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
    // Who waits at a door that closes cannot be told that it was in vain.
    if (this.#door === 'open' && !places.admit(this)) {
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
    client.once('close', () => {
      places.leave(this, seat);
      this.#connections.delete(connection);
    });
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
  }

  /**
   * No more clients; the socket file goes. Those connected stay until `stop`. Where nobody is answered, those who wait
   * come in before: what they have sent is sent, for all they know.
   */
  async closeDoor(): Promise<void> {
    this.#together.places.close(this);
    await this.#socket.release();
    if (this.#config.replies === 'none') {
      this.#door = 'closing';
      shutInput(this.#server);
      await acceptWaiting(this.#server);
    }
    this.#server.close();
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
