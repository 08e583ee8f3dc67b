import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ClientConnection } from '../../../daemon/ingest/client-connection.ts';
import type { ConnectionBounds } from '../../../daemon/ingest/connection-bounds.ts';
import type { SilentConnection } from '../../../daemon/ingest/silent-connection.ts';
import { deaf } from '../../simulation/overheard.ts';
import type { Life, Replies } from '../../simulation/scenario.ts';
import { SimulatedSocket, type SocketPeer } from '../../simulation/simulated-socket.ts';
import { IngestUnderTest } from './ingest-under-test.ts';

interface Wanted {
  readonly replies?: Replies;
  readonly limits?: Partial<Life['limits']>;
  readonly bounds?: Partial<ConnectionBounds>;
  /** Bytes of replies that the client's side takes while it reads none. */
  readonly toClient?: number;
  /** Whether the daemon can take from the client the right to send, and see that it is gone. */
  readonly hasMeans?: boolean;
}

/** A connection, and the client at the other end of its socket. */
export class ConnectionUnderTest extends IngestUnderTest implements SocketPeer {
  readonly socket: SimulatedSocket;
  readonly connection: ClientConnection | SilentConnection;
  /** What the client has read. */
  text = '';
  reads = true;
  over: 'daemon' | 'client' | null = null;
  /** The client has read the end of the daemon's side. */
  sawEnd = false;

  constructor(
    t: TestContext,
    { replies = 'status', limits, bounds, toClient = 1_000_000, hasMeans = true }: Wanted = {},
  ) {
    super(limits, bounds);
    const buffers = { toDaemon: 1_000_000, read: 65_536, toClient, highWater: 10 };
    this.socket = new SimulatedSocket(this.world, () => true, buffers, this);
    this.connection = this.daemon.connect(
      replies,
      this.socket,
      deaf,
      {
        shutInput: () => hasMeans && this.socket.shutInput(),
        peerGone: () => hasMeans && this.socket.peerGone(),
      },
      (door) => door,
    );
    t.after(() => assert.equal(this.world.violation, null));
  }

  /** Sends a chunk and lets the daemon read it. */
  async send(text: string): Promise<void> {
    this.socket.send(Buffer.from(text));
    await this.pass(0.1);
  }

  get codes(): string[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { ok: boolean; code?: string })
      .map(({ ok, code }) => (ok ? 'ok' : `${code}`));
  }

  read(): void {
    for (let bytes = this.socket.take(1_000); bytes !== null; bytes = this.socket.take(1_000)) {
      if (bytes.length === 0) return;
      this.text += bytes.toString();
    }
    this.sawEnd = true;
  }

  readable(): void {
    if (this.reads) this.read();
  }

  written(): void {}
  room(): void {}
  ending(): void {}

  gone(by: 'daemon' | 'client'): void {
    this.over = by;
  }
}
