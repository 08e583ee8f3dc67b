import { isDeepStrictEqual } from 'node:util';
import type { ListenAddress } from '../../config/config.ts';
import { addressText } from '../http/address-text.ts';
import { plainRefusals, routed } from '../http/http-router.ts';
import { type HttpServer, startHttpServer } from '../http/http-server.ts';
import type { Log } from '../log/log.ts';
import { systemErrorText } from '../system-error.ts';
import { type StatusSource, statusRoutes } from './status-routes.ts';

/** Scrapers and probes need a handful. */
const mostConnections = 64;

/** A probe or a scrape has no body. */
const requestMs = 30_000;

/** How long whoever asked may take to read a last answer. */
const lastAnswersMs = 1_000;

/** Metrics and health on their own listener, which a reload may move or turn off. */
export class MonitoringServer {
  readonly #source: StatusSource;
  readonly #log: Log;
  #listen: ListenAddress | null = null;
  #server: HttpServer | null = null;

  constructor(source: StatusSource, log: Log) {
    this.#source = source;
    this.#log = log;
  }

  /** `host:port` or path; null when it is off. */
  get address(): string | null {
    return this.#server === null ? null : addressText(this.#server.address);
  }

  /** Listens on a new address beside the present one. Rejects with `ListenRefused` or `SocketPathRefused`. */
  async prepare(listen: ListenAddress | null): Promise<PreparedServer> {
    if (isDeepStrictEqual(listen, this.#listen)) return { listen, server: this.#server };
    if (listen === null) return { listen, server: null };
    const server = await startHttpServer({
      place: listen.kind === 'unix' ? { ...listen, mode: 0o600, group: null } : listen,
      key: 'metrics.listen',
      certificate: null,
      // Half requests of anybody must not keep a probe out.
      connections: { kind: 'own', most: mostConnections },
      requestMs,
      respond: routed(statusRoutes(this.#source), plainRefusals),
      respondUnparsed: () => null,
      onError: (error) => this.#log.error('monitoring request failed', { error: systemErrorText(error) }),
    });
    return { listen, server };
  }

  async abandon(prepared: PreparedServer): Promise<void> {
    if (prepared.server !== this.#server) await prepared.server?.close(0);
  }

  /** Goes over to what was prepared and closes the present server if that is another. */
  async commit(prepared: PreparedServer): Promise<void> {
    const before = this.#server;
    this.#listen = prepared.listen;
    this.#server = prepared.server;
    if (before === prepared.server) return;
    if (prepared.server !== null) this.#log.info('monitoring', { address: this.address });
    await before?.close(lastAnswersMs);
  }

  async stop(): Promise<void> {
    await this.commit({ listen: null, server: null });
  }
}

export interface PreparedServer {
  readonly listen: ListenAddress | null;
  readonly server: HttpServer | null;
}
