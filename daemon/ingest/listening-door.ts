import net from 'node:net';
import { shutInput } from '../sockets/shut-input.ts';
import { type ClaimedSocket, claimSocketPath, type SocketPathOptions } from '../sockets/socket-file.ts';
import { acceptWaiting } from './waiting-clients.ts';

export interface DoorEvents {
  readonly accept: (client: net.Socket) => void;
  readonly failed: (error: NodeJS.ErrnoException) => void;
}

/** The socket file of a stream listener and the server behind it, which can be shut and opened again at the same path. */
export class ListeningDoor {
  readonly #socket: ClaimedSocket;
  readonly #events: DoorEvents;
  #server: net.Server | null = null;
  #state: 'open' | 'shutting' | 'shut' | 'opening' = 'shut';

  private constructor(socket: ClaimedSocket, events: DoorEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** Listens. Rejects with `SocketPathRefused` when the path cannot be had. */
  static async open(path: string, options: SocketPathOptions, events: DoorEvents): Promise<ListeningDoor> {
    const socket = await claimSocketPath(path, options);
    const door = new ListeningDoor(socket, events);
    await door.#listen((server) => socket.listen(server));
    return door;
  }

  /** `shutting`: those who wait are coming in. */
  get state(): 'open' | 'shutting' | 'shut' | 'opening' {
    return this.#state;
  }

  async #listen(listen: (server: net.Server) => Promise<void>): Promise<void> {
    this.#state = 'opening';
    // Half open: a client may end its input and still read the replies that are due. Of a client that is held back one
    // read is taken ahead, and no more: bytes that come one by one would cost a hundred times what they are.
    const server = net.createServer({ allowHalfOpen: true, highWaterMark: 1 }, this.#events.accept);
    try {
      await listen(server);
    } catch (error) {
      this.#state = 'shut';
      throw error;
    }
    server.on('error', this.#events.failed);
    this.#server = server;
    this.#state = 'open';
  }

  /** Opens it when it is shut. Rejects with `SocketPathRefused`. */
  async openAgain(mode: number): Promise<void> {
    if (this.#state === 'shut') await this.#listen((server) => this.#socket.listenAgain(server, mode));
  }

  /**
   * From this call on who connects is refused, and the socket file stays. Those who wait come in before it is shut: what
   * they have sent is sent, for all they know.
   */
  async shut(): Promise<void> {
    const server = this.#server;
    if (server === null || this.#state !== 'open') return;
    this.#state = 'shutting';
    // Without the means to refuse, nobody finds the way.
    if (!shutInput(server)) await this.#socket.release();
    await acceptWaiting(server);
    this.#close();
  }

  #close(): void {
    this.#server?.close();
    this.#server = null;
    this.#state = 'shut';
  }

  /** Not to be opened again: the socket file goes. `toAll`: those who wait come in before. */
  async close(toAll: boolean): Promise<void> {
    await this.#socket.release();
    if (toAll) await this.shut();
    else this.#close();
  }
}
