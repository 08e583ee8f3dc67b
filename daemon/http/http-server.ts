import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ListenAddress } from '../../config/config.ts';
import { Refused } from '../refused.ts';
import { longestBacklog } from '../sockets/backlog.ts';
import { type ClaimedSocket, claimSocketPath, type SocketPathOptions } from '../sockets/socket-file.ts';
import { systemErrorCode, systemErrorText } from '../system-error.ts';
import { addressText } from './address-text.ts';
import { HttpConnections } from './http-connections.ts';
import { errorAnswer, type HttpAnswer, type HttpResponder } from './http-routes.ts';
import { refuseUnreadable } from './unreadable-request.ts';

/** The address cannot be listened on. The message names it. */
export class ListenRefused extends Refused {
  override readonly name = 'ListenRefused';
}

/** What is listened on. A UNIX socket is made with this mode and group. */
export type HttpPlace =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | ({ readonly kind: 'unix'; readonly path: string } & SocketPathOptions);

/** A server's certificate, with those that lead to its authority, and its key: PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Who bounds the connections.
 * `own`: of one too many, the one that has waited longest for its client is closed in its place;
 * `callers`: `admit` hears of each behind the parser and before its first byte, `began` of each request with whole headers.
 */
export type ConnectionBound =
  | { readonly kind: 'own'; readonly most: number }
  | {
      readonly kind: 'callers';
      readonly admit: (socket: Socket) => void;
      readonly began: (request: http.IncomingMessage, response: http.ServerResponse) => void;
    };

export interface HttpServerOptions {
  readonly place: HttpPlace;
  /** The key of the configuration that names the place, for messages. */
  readonly key: string;
  /** `null`: plain HTTP. */
  readonly certificate: ServerCertificate | null;
  readonly connections: ConnectionBound;
  /** How long a whole request may take to arrive, in milliseconds. */
  readonly requestMs: number;
  readonly respond: HttpResponder;
  /** Answers what the parser refused, given the bytes that it had then; `null` leaves it to the usual answer. */
  readonly respondUnparsed: (start: Buffer) => HttpAnswer | null;
  /** Hears of an answer that threw, after the client was answered 500, and of a failed accept. */
  readonly onError: (error: unknown) => void;
}

export interface HttpServer {
  /** Where it really listens: port 0 has become the port the system chose. */
  readonly address: ListenAddress;
  /** Shows another certificate from the next connection on; only for a server that had one from the start. */
  renew(certificate: ServerCertificate): void;
  /** Answers what has been asked, and closes every connection, waiting no longer than `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Rejects with `ListenRefused`, or `SocketPathRefused` for a UNIX socket. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer(options);
  server.maxHeadersCount = 64;
  // A client may end its side after its request; without this, Node hangs up before the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('clientError', (error: Error, socket: Duplex) => {
    refuseUnreadable(error, socket, options.respondUnparsed);
  });

  const sockets = openSockets(server);
  let claim: ClaimedSocket | null = null;
  if (options.place.kind === 'unix') {
    claim = await claimSocketPath(options.place.path, options.place);
    await claim.listen(server);
  } else {
    await listenOnTcp(server, options.place, options.key);
  }
  // Such as EMFILE on accept: the next connection may work again.
  server.on('error', options.onError);

  return {
    address: boundAddress(server, options.place),
    renew(certificate) {
      if (server instanceof https.Server) server.setSecureContext({ ...certificate });
    },
    async close(graceMs) {
      await claim?.release();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/**
 * The sockets below every connection, as they are now. `closeAllConnections` does not know the ones whose TLS
 * handshake is not over, nor those that were refused as no HTTP, and the server does not close before they do.
 */
function openSockets(server: http.Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function createServer(options: HttpServerOptions): http.Server | https.Server {
  const { requestMs, certificate, connections } = options;
  const limits = {
    headersTimeout: Math.min(10_000, requestMs),
    requestTimeout: requestMs,
    // Node looks at both limits this often only.
    connectionsCheckingInterval: Math.min(1000, requestMs),
    keepAliveTimeout: 30_000,
    maxHeaderSize: 8 * 1024,
    // One read is taken ahead of a client that is held back: bytes one by one would cost a hundred times what they are.
    ...(connections.kind === 'callers' ? { highWaterMark: 1 } : {}),
  };
  const bound = connections.kind === 'own' ? new HttpConnections(connections.most) : null;
  const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    bound?.began(request);
    if (connections.kind === 'callers') connections.began(request, response);
    void serve(options, request, response).finally(() => bound?.answered(request));
  };
  const server =
    certificate === null
      ? http.createServer(limits, answer)
      : https.createServer({ ...limits, ...certificate, handshakeTimeout: 10_000 }, answer);
  // What clients send may be a secret. Comes behind the parser, which has copied what it needs; and it keeps Node from
  // reading into memory of its own, that is never wiped.
  server.on(certificate === null ? 'connection' : 'secureConnection', (socket: Socket) => {
    socket.on('data', wipe);
  });
  // RFC 9110, section 10.1.1; Node's own answer has no body.
  server.on('checkExpectation', (request, response) => {
    const refuse = (): HttpAnswer => errorAnswer(417, 'nothing but "100-continue" can be expected here');
    void serve({ ...options, respond: refuse }, request, response);
  });
  // The caller's listeners come behind the parser's, which copies what it needs; one too many goes before it has one.
  if (connections.kind === 'callers') server.on('connection', connections.admit);
  else server.prependListener('connection', (socket: Socket) => bound?.admit(socket));
  return server;
}

async function serve(
  options: HttpServerOptions,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  // Only a broken connection makes these fail, and then there is nobody to tell.
  request.on('error', () => {});
  response.on('error', () => {});
  let answer: HttpAnswer;
  try {
    answer = await options.respond(request);
  } catch (error) {
    options.onError(error);
    answer = errorAnswer(500, 'internal error');
  }
  if (response.destroyed) return;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const headers: http.OutgoingHttpHeaders = {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...answer.headers,
  };
  if (answer.status !== 204) headers['Content-Length'] = body.length;
  // A body that nobody read would have to be read to its end to find the next request.
  if (!request.complete) headers['Connection'] = 'close';
  response.writeHead(answer.status, headers);
  response.end(answer.status === 204 ? undefined : body);
}

function wipe(bytes: Buffer): void {
  bytes.fill(0);
}

function listenOnTcp(
  server: http.Server,
  { host, port }: { readonly host: string; readonly port: number },
  key: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      const taken = systemErrorCode(error) === 'EADDRINUSE';
      const wayOut = taken
        ? `; stop the program that listens there, or write another port under "${key}"`
        : '';
      const address = addressText({ kind: 'tcp', host, port });
      reject(new ListenRefused(`Cannot listen on "${address}": ${systemErrorText(error)}${wayOut}`));
    };
    server.once('error', failed);
    server.listen({ host, port, backlog: longestBacklog }, () => {
      server.removeListener('error', failed);
      resolve();
    });
  });
}

function boundAddress(server: http.Server, place: HttpPlace): ListenAddress {
  if (place.kind === 'unix') return { kind: 'unix', path: place.path };
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return place;
  return { kind: 'tcp', host: bound.address, port: bound.port };
}
