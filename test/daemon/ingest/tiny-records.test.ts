import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionBounds } from '../../../daemon/ingest/connection-bounds.ts';
import { turnSizes } from '../../../daemon/ingest/turns.ts';
import { deaf } from '../../simulation/overheard.ts';
import type { Replies } from '../../simulation/scenario.ts';
import { SimulatedSocket, type SocketPeer } from '../../simulation/simulated-socket.ts';
import { IngestUnderTest, record } from './ingest-under-test.ts';

const chunkBytes = 64 * 1024;

/** A client that reads its replies or does not. */
class Client implements SocketPeer {
  readonly socket: SimulatedSocket;
  readonly connection: ReturnType<IngestUnderTest['daemon']['connect']>;
  readonly #reads: boolean;
  replies = 0;

  constructor(under: IngestUnderTest, reads: boolean, replies: Replies = 'status') {
    const buffers = { toDaemon: 10_000_000, read: chunkBytes, toClient: 200_000, highWater: 16_384 };
    this.#reads = reads;
    this.socket = new SimulatedSocket(under.world, () => true, buffers, this);
    this.connection = under.daemon.connect(
      replies,
      this.socket,
      deaf,
      { shutInput: () => false, peerGone: () => false },
      (door) => door,
    );
  }

  readable(): void {
    if (!this.#reads) return;
    for (let bytes = this.socket.take(chunkBytes); bytes !== null; bytes = this.socket.take(chunkBytes)) {
      if (bytes.length === 0) return;
      for (const byte of bytes) if (byte === 0x0a) this.replies++;
    }
  }

  written(): void {}
  room(): void {}
  ending(): void {}
  gone(): void {}
}

function flood(line: string, bytes: number): Buffer {
  return Buffer.from(line.repeat(Math.floor(bytes / line.length)));
}

/** Counts what is looked at in one turn of the event loop, and sees when a record's turn comes. */
class Watched extends IngestUnderTest {
  mostInTurn = 0;
  mostTogether = 0;
  /** Records looked at before the one with this text; null: it has not been. */
  before: number | null = null;
  #inTurn = 0;

  constructor(awaited: string) {
    super({ connectionBytes: 64 * 1024 ** 2, totalBytes: 256 * 1024 ** 2 }, connectionBounds);
    const { clock } = this.world;
    const nextTurn = clock.nextTurn.bind(clock);
    clock.nextTurn = (callback) =>
      nextTurn(() => {
        this.#inTurn = 0;
        callback();
      });
    const { formatter } = this.daemon.ingest;
    const scan: typeof formatter.scan = (chunks, headers, arrivalMs) => {
      if (chunks.some((chunk) => Buffer.from(chunk).includes(awaited))) {
        this.before = this.daemon.counters.received;
      }
      const scanned = formatter.scan(chunks, headers, arrivalMs);
      this.#inTurn += scanned.records;
      this.mostInTurn = Math.max(this.mostInTurn, this.#inTurn);
      this.mostTogether = Math.max(this.mostTogether, scanned.records);
      return scanned;
    };
    Object.assign(this.daemon.ingest, { formatter: Object.create(formatter, { scan: { value: scan } }) });
  }
}

for (const [what, line] of [
  ['recorded', '{}\n'],
  ['refused', 'x\n'],
] as const) {
  test(`of a flood of tiny records that are ${what} about a thousand are looked at in a turn, and a good client goes before it`, async () => {
    const under = new Watched(record(1));
    under.device('a/');
    const floods = Array.from({ length: 30 }, () => new Client(under, true));
    for (const { socket } of floods) socket.send(flood(line, chunkBytes));
    const good = new Client(under, true);
    // Until each flood has had a piece.
    while (under.daemon.counters.received < 3 * floods.length * turnSizes.pieceCost) await under.pass(0);
    good.socket.send(Buffer.from(`${record(1)}\n`));
    const { received } = under.daemon.counters;
    while (under.before === null) await under.pass(0);
    const { turnCost, pieceCost } = turnSizes;
    assert.ok(under.before - received < 2 * (turnCost + pieceCost), `${under.before - received} before it`);
    assert.ok(under.mostTogether <= pieceCost, `${under.mostTogether} together`);
    assert.ok(under.mostInTurn <= turnCost + pieceCost, `${under.mostInTurn} in a turn`);
  });
}

for (const [replies, line] of [
  ['status', 'x\n'],
  ['devices', '{}\n'],
  ['devices', 'x\n'],
] as const) {
  test(`a client that reads no replies to tiny records ("${line.trim()}", ${replies}) is not looked at further than its bound`, async () => {
    const under = new Watched('none');
    const { unreadBytes } = connectionBounds;
    const client = new Client(under, false, replies);
    client.socket.send(flood(line, 10 * chunkBytes));
    await under.pass(5_000);
    assert.ok(under.daemon.counters.received > 0);
    const longestReply = 200;
    const held = client.socket.writableLength;
    assert.ok(held >= unreadBytes && held < unreadBytes + turnSizes.pieceCost * longestReply, `${held}`);
    const { bytes } = client.connection;
    assert.ok(bytes >= held && bytes <= held + chunkBytes, `all of it is in the account: ${bytes}`);
    client.socket.hangUp();
    await under.pass(10);
    assert.equal(client.connection.bytes, 0);
  });
}
