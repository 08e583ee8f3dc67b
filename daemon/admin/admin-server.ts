import type { IncomingHttpHeaders } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { AdminConfig, ListenAddress } from '../../config/config.ts';
import { addressText } from '../http/address-text.ts';
import {
  type HttpPlace,
  type HttpServer,
  ListenRefused,
  type ServerCertificate,
  startHttpServer,
} from '../http/http-server.ts';
import type { Log } from '../log/log.ts';
import { changeSocketMode } from '../sockets/socket-mode.ts';
import { systemErrorText } from '../system-error.ts';
import { permissionDenied } from './answers.ts';
import { AdminTokens } from './authorization.ts';
import { type AdminResponder, type AdminSources, adminResponder, listRequest } from './responder.ts';
import { readServerCertificate } from './server-certificate.ts';
import { isServerState } from './server-state.ts';

/** More than operators and their tools open; a flood of others only pushes each other out. */
const mostConnections = 128;

/** How long a call may take to arrive: a whole one is a few kilobytes. */
export const callMs = 10_000;

/** How long callers may take to read their last answers. */
const lastAnswersMs = 1_000;

/** What a start or reload has ready. Servers that are new listen already. */
export interface PreparedAdmin {
  readonly config: AdminConfig;
  readonly local: HttpServer;
  /** `null` when TCP is off. */
  readonly remote: {
    readonly server: HttpServer;
    readonly tokens: AdminTokens;
    readonly certificate: ServerCertificate | null;
  } | null;
}

/**
 * The admin API on its UNIX socket, where the mode of the socket says who may call, and on TCP, where a token does.
 * A reload may move either.
 */
export class AdminServer {
  readonly #log: Log;
  readonly #responder: AdminResponder;
  readonly #requestMs: number;
  #present: PreparedAdmin | null = null;

  /** `requestMs`: how long a call may take to arrive. */
  constructor(sources: AdminSources, log: Log, requestMs: number) {
    this.#log = log;
    this.#requestMs = requestMs;
    this.#responder = adminResponder(sources);
  }

  /** `host:port` with the port that the system chose; `null` while TCP is off. */
  get tcpAddress(): string | null {
    const server = this.#present?.remote?.server;
    return server === undefined ? null : addressText(server.address);
  }

  /**
   * Reads tokens, certificate and key anew, and listens where it does not yet. Rejects with `AccessRefused`,
   * `ListenRefused` or `SocketPathRefused`; then all is as it was.
   */
  async prepare(config: AdminConfig): Promise<PreparedAdmin> {
    const access = config.tcp === null ? null : await readAccess(config.tcp);
    const local = await this.#prepareLocal(config);
    try {
      const remote =
        config.tcp === null || access === null
          ? null
          : { ...access, server: await this.#prepareRemote(config.tcp, access.certificate) };
      return { config, local, remote };
    } catch (error) {
      if (local !== this.#present?.local) await local.close(0);
      throw error;
    }
  }

  async #prepareLocal({ path, mode }: AdminConfig): Promise<HttpServer> {
    if (this.#present?.config.path === path) return this.#present.local;
    return this.#listen({ kind: 'unix', path, mode, group: null }, () => true, null);
  }

  async #prepareRemote(
    { address, tls }: NonNullable<AdminConfig['tcp']>,
    certificate: ServerCertificate | null,
  ): Promise<HttpServer> {
    const listen: ListenAddress = { kind: 'tcp', ...address };
    const tcp = this.#present?.config.tcp ?? null;
    if (tcp !== null && isDeepStrictEqual(tcp.address, address)) {
      if ((tcp.tls === null) !== (tls === null)) {
        throw new ListenRefused(
          `Cannot listen on "${addressText(listen)}": TLS cannot be turned on or off there while the daemon runs; restart it`,
        );
      }
      return this.#present!.remote!.server;
    }
    // No tokens are in force before the change is made.
    const allow = (headers: IncomingHttpHeaders): boolean =>
      this.#present?.remote?.tokens.allow(headers) ?? false;
    return this.#listen({ kind: 'tcp', ...address }, allow, certificate);
  }

  #listen(
    place: HttpPlace,
    allow: (headers: IncomingHttpHeaders) => boolean,
    certificate: ServerCertificate | null,
  ): Promise<HttpServer> {
    return startHttpServer({
      place,
      key: place.kind === 'unix' ? 'admin.path' : 'admin.tcp.address',
      certificate,
      connections: { kind: 'own', most: mostConnections },
      requestMs: this.#requestMs,
      respond: (request) =>
        allow(request.headers) || isServerState(request.method ?? '', request.url ?? '')
          ? this.#responder.respond(request)
          : permissionDenied,
      respondUnparsed: (start) => {
        const listed = listRequest(start);
        if (listed === null) return null;
        return allow(listed.headers) ? this.#responder.list(listed.target) : permissionDenied;
      },
      onError: (error) => this.#log.error('admin request failed', { error: systemErrorText(error) }),
    });
  }

  /** Closes what `prepare` opened. */
  async abandon({ local, remote }: PreparedAdmin): Promise<void> {
    if (local !== this.#present?.local) await local.close(0);
    if (remote !== null && remote.server !== this.#present?.remote?.server) await remote.server.close(0);
  }

  /** Goes over to what was prepared. Calls under way are answered by what they reached. */
  async commit(prepared: PreparedAdmin): Promise<void> {
    const before = this.#present;
    this.#present = prepared;
    const { config, local, remote } = prepared;
    if (before?.local !== local) {
      this.#log.info('admin', { address: addressText(local.address) });
    } else if (before.config.mode !== config.mode) {
      await changeSocketMode(config.path, config.mode, this.#log);
    }
    if (remote !== null && remote.server !== before?.remote?.server) {
      this.#log.info('admin', { address: addressText(remote.server.address) });
    } else if (remote !== null && remote.certificate !== null) {
      remote.server.renew(remote.certificate);
    }
    await Promise.all([
      before?.local !== local && before?.local.close(lastAnswersMs),
      before?.remote?.server !== remote?.server && before?.remote?.server.close(lastAnswersMs),
    ]);
  }

  async stop(): Promise<void> {
    const present = this.#present;
    this.#present = null;
    await Promise.all([present?.local.close(lastAnswersMs), present?.remote?.server.close(lastAnswersMs)]);
  }
}

async function readAccess({ tokenFile, tls }: NonNullable<AdminConfig['tcp']>): Promise<{
  readonly tokens: AdminTokens;
  readonly certificate: ServerCertificate | null;
}> {
  const tokens = await AdminTokens.read(tokenFile);
  return { tokens, certificate: tls === null ? null : await readServerCertificate(tls) };
}
