import { rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Framing } from '../../../devices/transport/framing.ts';
import { ownLoopback } from '../../support/loopback.ts';
import { wholeLines } from '../../support/whole-lines.ts';

export interface StreamPeerOptions {
  readonly framing: Framing;
  /** Listens there instead of on a port of its own. */
  readonly path?: string;
  readonly tls?: TlsOptions;
}

/** A receiver over TCP, TLS or a UNIX stream that can stop reading, go away and come back at the same address. */
export class StreamPeer {
  readonly #options: StreamPeerOptions;
  #server: Server | null = null;
  #port = 0;
  #paused = false;
  readonly #sockets = new Set<Socket>();
  readonly connections: { readonly socket: Socket; readonly chunks: Buffer[] }[] = [];

  constructor(test: TestContext, options: StreamPeerOptions) {
    this.#options = options;
    test.after(() => this.stop());
  }

  get address(): string {
    return this.#options.path ?? `${this.#host}:${this.#port}`;
  }

  /** A certificate names the address that is usual. */
  get #host(): string {
    return this.#options.tls === undefined ? ownLoopback : '127.0.0.1';
  }

  async start(): Promise<void> {
    const { path, tls } = this.#options;
    const server =
      tls === undefined
        ? createServer({ pauseOnConnect: this.#paused }, this.#accept)
        : createTlsServer({ ...tls, pauseOnConnect: this.#paused }, this.#accept);
    server.on('tlsClientError', () => {});
    // Also those that have not finished their TLS handshake: a server closes only when all are gone.
    server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    if (path !== undefined) rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path === undefined ? { port: this.#port, host: this.#host } : { path }, resolve);
    });
    if (path === undefined) this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends every connection, as a process that exits does, and listens no more. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const { socket } of this.connections) socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }

  pause(): void {
    this.#paused = true;
    for (const { socket } of this.connections) socket.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const { socket } of this.connections) socket.resume();
  }

  /** Whole messages of every connection, in the order of the connections. */
  received(): string[] {
    return this.connections.flatMap(({ chunks }) => {
      const bytes = Buffer.concat(chunks);
      return this.#options.framing === 'newline' ? newlineMessages(bytes) : countedMessages(bytes);
    });
  }

  /** Bytes received so far, cheap to ask for. */
  receivedBytes(): number {
    return this.connections.reduce((sum, { socket }) => sum + socket.bytesRead, 0);
  }

  readonly #accept = (socket: Socket): void => {
    const chunks: Buffer[] = [];
    this.connections.push({ socket, chunks });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {});
    if (this.#paused) socket.pause();
  };
}

function newlineMessages(bytes: Buffer): string[] {
  return wholeLines(bytes.toString());
}

/** Messages of RFC 6587, section 3.4.1, each without the newline that ends it; throws on anything that is none. */
export function countedMessages(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    if (space === -1) break;
    const digits = bytes.toString('latin1', at, space);
    if (!/^[1-9]\d*$/.test(digits)) throw new Error(`"${digits}" is no length`);
    const end = space + 1 + Number(digits);
    if (end > bytes.length) break;
    const message = bytes.toString('utf8', space + 1, end);
    if (!message.endsWith('\n')) throw new Error('A counted message does not end in a newline');
    messages.push(message.slice(0, -1));
    at = end;
  }
  return messages;
}
