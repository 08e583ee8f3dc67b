import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  /** Requests that have not been answered. */
  readonly requests: Set<IncomingMessage>;
}

/**
 * Bounds a server's connections without letting silent ones shut it: when it is full, a new connection takes the
 * place of the one that has waited longest for its client, be it idle, half a request or half a TLS handshake.
 */
export class HttpConnections {
  readonly #limit: number;
  /** In the order of their last answer, or of their coming. */
  readonly #connections = new Map<unknown, Connection>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A client has connected; for TLS, before the handshake. */
  admit(socket: Socket): void {
    if (this.#connections.size >= this.#limit && !this.#endLongestWaiting()) {
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    const connection: Connection = { socket, requests: new Set() };
    this.#connections.set(name, connection);
    socket.once('close', () => {
      if (this.#connections.get(name) === connection) this.#connections.delete(name);
    });
  }

  /** The headers of a request are there. */
  began(request: IncomingMessage): void {
    this.#connections.get(nameOf(request.socket))?.requests.add(request);
  }

  answered(request: IncomingMessage): void {
    const name = nameOf(request.socket);
    const connection = this.#connections.get(name);
    if (connection?.requests.delete(request) !== true) return;
    this.#connections.delete(name);
    this.#connections.set(name, connection);
  }

  #endLongestWaiting(): boolean {
    for (const [name, { socket, requests }] of this.#connections) {
      // A whole request is the server's to answer; everything else waits for the client.
      if ([...requests].some((request) => request.complete)) continue;
      this.#connections.delete(name);
      socket.destroy();
      return true;
    }
    return false;
  }
}

const names = new WeakMap<Socket, unknown>();

/** What a TLS socket and the socket below it have in common; a UNIX socket has no address, and is its own name. */
function nameOf(socket: Socket): unknown {
  // Remembered, because a socket that was closed has no address any more.
  let name = names.get(socket);
  if (name === undefined) {
    const { remoteAddress, remotePort } = socket;
    name = remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
    names.set(socket, name);
  }
  return name;
}
