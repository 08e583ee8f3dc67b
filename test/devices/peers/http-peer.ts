import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request as the peer read it. */
export interface Posted {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface HttpPeerOptions {
  readonly tls?: ServerOptions;
  /** Answers in its own way; the body has been read. Left out, with 204. */
  readonly answer?: (posted: Posted, response: ServerResponse) => void;
}

/** An HTTP server that keeps what is posted to it; it can stop answering, go away and come back at the same port. */
export class HttpPeer {
  readonly #options: HttpPeerOptions;
  #server: Server | null = null;
  #port = 0;
  #paused = false;
  #waiting: (() => void)[] = [];
  /** Those answered with 2xx. */
  readonly taken: Posted[] = [];
  /** All that were read. */
  readonly posted: Posted[] = [];
  connections = 0;

  constructor(test: TestContext, options: HttpPeerOptions = {}) {
    this.#options = options;
    test.after(() => this.stop());
  }

  get uri(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}/audit?from=test`;
  }

  async start(): Promise<void> {
    const { tls } = this.#options;
    const server = tls === undefined ? createServer(this.#take) : createTlsServer(tls, this.#take);
    server.on(tls === undefined ? 'connection' : 'secureConnection', () => this.connections++);
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Ends the connections that wait for a request. */
  endIdle(): void {
    this.#server?.closeIdleConnections();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  /** The lines of all bodies that were taken. */
  received(): string[] {
    return this.taken.flatMap(({ body }) => body.replace(/\n$/, '').split('\n'));
  }

  readonly #take = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const posted = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
      this.posted.push(posted);
      const answer = (): void => {
        // Nobody waits for the answer any more.
        if (response.destroyed) return;
        if (this.#options.answer === undefined) response.writeHead(204).end();
        else this.#options.answer(posted, response);
        if (response.statusCode >= 200 && response.statusCode < 300) this.taken.push(posted);
      };
      if (this.#paused) this.#waiting.push(answer);
      else answer();
    });
  };
}
