import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpListenerConfig } from '../../config/config.ts';
import { addressText } from '../http/address-text.ts';
import { plainRefusals, routed } from '../http/http-router.ts';
import { errorAnswer, type HttpAnswer, type HttpRoute } from '../http/http-routes.ts';
import { type HttpServer, startHttpServer } from '../http/http-server.ts';
import type { Log } from '../log/log.ts';
import { changeSocketMode } from '../sockets/socket-mode.ts';
import { systemErrorText } from '../system-error.ts';
import { FullHouseWarning } from './full-house-warning.ts';
import { HttpClient } from './http-client.ts';
import { HttpExchange } from './http-exchange.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { SharedBounds } from './shared-bounds.ts';

/** How long a request may take to arrive, body included. A client that is slower is answered 408. */
export const longestRequestMs = 60_000;

/** How long bodies may still take to arrive once the listener is to stop. */
const lastBodyMs = 500;

/** How long clients may take to read their last answers. */
const lastAnswersMs = 500;

/** Longest timer delay; `stop` sets the real deadline. */
const noGraceMs = 2 ** 31 - 1;

/** An HTTP server that takes records at `POST /v1/records`. */
export class HttpListener {
  #config: HttpListenerConfig;
  readonly #shared: IngestSettings;
  readonly #together: SharedBounds;
  readonly #log: Log;
  readonly #clients = new Map<Socket, HttpClient>();
  readonly #exchanges = new Map<HttpExchange, Promise<HttpAnswer>>();
  #server: HttpServer | null = null;
  /** Resolves when the last client is gone; `null` while the door is open. */
  #closed: Promise<void> | null = null;
  readonly #warning: FullHouseWarning;

  private constructor(config: HttpListenerConfig, shared: IngestSettings, together: SharedBounds, log: Log) {
    this.#config = config;
    this.#shared = shared;
    this.#together = together;
    this.#log = log;
    this.#warning = new FullHouseWarning(addressText(config.address), log);
  }

  /** Listens. Rejects with `ListenRefused`, or `SocketPathRefused` for a UNIX socket. */
  static async open(
    config: HttpListenerConfig,
    shared: IngestSettings,
    together: SharedBounds,
    log: Log,
    requestMs: number,
  ): Promise<HttpListener> {
    const listener = new HttpListener(config, shared, together, log);
    const { address, mode, group } = config;
    const records: HttpRoute = {
      path: '/v1/records',
      methods: { POST: ({ request }) => listener.#take(request) },
    };
    listener.#server = await startHttpServer({
      place: address.kind === 'unix' ? { ...address, mode, group } : address,
      key: 'listeners',
      certificate: null,
      // Counted here, together with those of all other listeners.
      connections: {
        kind: 'callers',
        admit: (socket) => listener.#accept(socket),
        began: ({ socket }, response) => listener.#clients.get(socket)?.began(response),
      },
      requestMs,
      respond: routed([records], plainRefusals),
      respondUnparsed: () => null,
      onError: (error) =>
        log.error('listener failed', { listener: listener.name, error: systemErrorText(error) }),
    });
    together.places.open(listener);
    return listener;
  }

  /** What the configuration calls it: a path, or `host:port`. */
  get name(): string {
    return addressText(this.#config.address);
  }

  /** Where it really listens: port 0 has become the port the system chose. */
  get address(): string {
    return addressText(this.#server?.address ?? this.#config.address);
  }

  #accept(socket: Socket): void {
    const { counters, limits, clock } = this.#shared;
    const { places } = this.#together;
    this.#warning.look(places.full, limits.connections);
    if (this.#closed !== null || !places.admit(this)) {
      socket.destroy();
      return;
    }
    counters.connections++;
    counters.connectionsAccepted++;
    const client = new HttpClient(socket, this.#together, clock, this.#shared.onDefect);
    this.#clients.set(socket, client);
    places.join(this, client);
    socket.on('data', () => places.heard(this, client));
    socket.once('close', () => {
      counters.connections--;
      places.leave(this, client);
      this.#clients.delete(socket);
    });
  }

  async #take(request: IncomingMessage): Promise<HttpAnswer> {
    const refusal = refusalOf(request);
    if (refusal !== null) return refusal;
    let exchange: HttpExchange | null = null;
    const answering = HttpExchange.run(request, this.#config, this.#shared, this.#together, (begun) => {
      exchange = begun;
    });
    this.#exchanges.set(exchange!, answering);
    const answer = await answering;
    this.#exchanges.delete(exchange!);
    if (this.#closed === null) return answer;
    return { ...answer, headers: { ...answer.headers, Connection: 'close' } };
  }

  get config(): HttpListenerConfig {
    return this.#config;
  }

  /** Takes on new settings for the same address: the mode at once, the rest for requests that come from now on. */
  async update(config: HttpListenerConfig): Promise<void> {
    const { address, mode } = config;
    if (address.kind === 'unix' && mode !== this.#config.mode)
      await changeSocketMode(address.path, mode, this.#log);
    this.#config = config;
  }

  /** No more clients; the socket file goes. Those connected stay until `stop`. */
  async closeDoor(): Promise<void> {
    this.#together.places.close(this);
    this.#closed ??= this.#server?.close(noGraceMs) ?? Promise.resolve();
  }

  /** Answers what was read from every client and closes them; resolves when all are gone. */
  async stop(): Promise<void> {
    await this.closeDoor();
    let cancel = this.#shared.clock.setTimer(lastBodyMs, () => {
      for (const exchange of this.#exchanges.keys()) exchange.cut();
    });
    await Promise.all(this.#exchanges.values());
    cancel();
    cancel = this.#shared.clock.setTimer(lastAnswersMs, () => this.destroy());
    await this.#closed;
    cancel();
  }

  /** Ends clients that are still there, answered or not. */
  destroy(): void {
    for (const socket of this.#clients.keys()) socket.destroy();
  }
}

/** Why a request is not even read, or `null`. */
function refusalOf({ headers }: IncomingMessage): HttpAnswer | null {
  // Browsers say where a page comes from. Any page can post to this machine; no API server is one.
  if (headers.origin !== undefined) return errorAnswer(403, 'a web page cannot send records');
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return null;
  return errorAnswer(415, 'the body is compressed: send it as it is');
}
