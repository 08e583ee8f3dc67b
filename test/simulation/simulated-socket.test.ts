import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ClientSocket } from '../../daemon/ingest/client-socket.ts';
import { peerGone } from '../../daemon/sockets/peer-gone.ts';
import { koffiMissing } from '../support/koffi.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { SimulatedSocket } from './simulated-socket.ts';
import { runTimers } from './virtual-clock.ts';
import { World } from './world.ts';

/** Both ends of a connection, simulated or real. */
interface Ends {
  readonly socket: ClientSocket;
  send(text: string): void;
  shutDown(): void;
  hangUp(): void;
  /** Whether the client is seen to be gone. */
  peerGone(): boolean;
  /** The client reads from now on; until then it reads nothing. */
  read(): void;
  /** Lets happen what can, at least until `done`. */
  settle(done: () => boolean): Promise<void>;
}

/** More than the operating system takes for a client that does not read. */
const much = Buffer.alloc(4 * 1024 * 1024, 'x');

function simulated(): Ends {
  const world = new World(1, false);
  let reads = false;
  const take = (): void => {
    while (reads && (socket.take(1_000_000)?.length ?? 0) > 0);
  };
  const buffers = { toDaemon: 1_000_000, read: 65_536, toClient: 100_000, highWater: 1 };
  const socket = new SimulatedSocket(world, () => true, buffers, {
    written: () => {},
    room: () => {},
    ending: () => {},
    gone: () => {},
    readable: take,
  });
  return {
    socket,
    send: (text) => socket.send(Buffer.from(text)),
    shutDown: () => socket.shutDown(),
    hangUp: () => socket.hangUp(),
    peerGone: () => socket.peerGone(),
    read() {
      reads = true;
      take();
    },
    async settle(done) {
      await runTimers(world.clock, () => false);
      assert.ok(done(), 'it happens');
    },
  };
}

async function real(t: TestContext): Promise<Ends> {
  const place = path.join(temporaryDirectory(t), 's.sock');
  const server = net.createServer({ allowHalfOpen: true, highWaterMark: 1 }).listen(place);
  await once(server, 'listening');
  const client = net.connect({ path: place, allowHalfOpen: true });
  client.on('error', () => {});
  // Before it is connected: Node reads some ahead otherwise.
  client.pause();
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  t.after(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return {
    socket,
    send: (text) => client.write(text),
    shutDown: () => client.end(),
    hangUp: () => client.destroy(),
    peerGone: () => peerGone(socket),
    read: () => client.resume(),
    async settle(done) {
      await waitFor('it happens', done);
      // What should not happen had the time to.
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    },
  };
}

/** What a socket told, with chunks put together: where they are cut is chance. */
function watched({ socket }: Ends): string[] {
  const told: string[] = [];
  socket.on('data', (chunk) => {
    if (told.at(-1)?.startsWith('data ')) told.push(`${told.pop()}${chunk}`);
    else told.push(`data ${chunk}`);
  });
  for (const event of ['end', 'drain', 'error', 'close'] as const) socket.on(event, () => told.push(event));
  socket.once('finish', () => told.push('finish'));
  return told;
}

const scenes: Readonly<Record<string, (ends: Ends, told: string[]) => Promise<void>>> = {
  async 'what comes is told, then the end, and both ends close it'(ends, told) {
    ends.send('one');
    await ends.settle(() => told.length === 1);
    ends.shutDown();
    await ends.settle(() => told.includes('end'));
    assert.deepEqual(told, ['data one', 'end']);
    assert.equal(ends.socket.writable, true, 'our side stays open');
    ends.read();
    ends.socket.write(Buffer.from('reply'));
    ends.socket.end();
    assert.equal(ends.socket.writable, false);
    await ends.settle(() => told.includes('close'));
    assert.deepEqual(told, ['data one', 'end', 'finish', 'close']);
  },
  async 'a pause holds data back, and the end behind it'(ends, told) {
    ends.socket.pause();
    assert.equal(ends.socket.isPaused(), true);
    ends.send('one');
    ends.shutDown();
    await ends.settle(() => true);
    assert.deepEqual(told, []);
    ends.socket.resume();
    assert.equal(ends.socket.isPaused(), false);
    assert.deepEqual(told, [], 'not before the call returns');
    await ends.settle(() => told.length === 2);
    assert.deepEqual(told, ['data one', 'end']);
  },
  async 'a pause does not hold back an end with nothing before it'(ends, told) {
    ends.send('one');
    await ends.settle(() => told.length === 1);
    ends.socket.pause();
    ends.shutDown();
    await ends.settle(() => told.length === 2);
    assert.deepEqual(told, ['data one', 'end']);
  },
  async 'a pause from within data holds back the next'(ends, told) {
    ends.socket.on('data', () => ends.socket.pause());
    ends.send('one');
    await ends.settle(() => told.length === 1);
    ends.send('two');
    await ends.settle(() => true);
    assert.deepEqual(told, ['data one']);
    ends.socket.resume();
    await ends.settle(() => told[0] === 'data onetwo');
  },
  async 'what the client does not read waits here, until it does'(ends, told) {
    ends.socket.write(much);
    assert.ok(ends.socket.writableLength > 0);
    await ends.settle(() => true);
    assert.equal(ends.socket.writableLength, much.length, 'a write counts until all of it is taken');
    ends.socket.write(much);
    assert.equal(ends.socket.writableLength, 2 * much.length);
    assert.deepEqual(told, []);
    ends.read();
    await ends.settle(() => told.length === 1);
    assert.deepEqual(told, ['drain']);
    assert.equal(ends.socket.writableLength, 0);
  },
  async 'what is taken at once needs no drain'(ends, told) {
    ends.socket.write(Buffer.from('reply'));
    assert.equal(ends.socket.writableLength, 0);
    await ends.settle(() => true);
    assert.deepEqual(told, []);
  },
  async 'bytes that come one by one are read ahead no more than once'(ends, told) {
    ends.socket.pause();
    for (let byte = 0; byte < 5; byte++) {
      ends.send('a');
      await ends.settle(() => true);
    }
    assert.equal(ends.socket.readableLength, 1);
    ends.socket.resume();
    await ends.settle(() => told[0] === 'data aaaaa');
  },
  async 'an end waits for what was written, and then there is no drain'(ends, told) {
    ends.socket.write(much);
    ends.socket.end();
    await ends.settle(() => true);
    assert.deepEqual(told, []);
    ends.read();
    await ends.settle(() => told.length === 1);
    assert.deepEqual(told, ['finish']);
  },
  async 'a destroyed socket tells that it is closed, and nothing more'(ends, told) {
    ends.send('one');
    ends.socket.pause();
    await ends.settle(() => true);
    ends.socket.destroy();
    ends.socket.destroy();
    assert.equal(ends.socket.writable, false);
    ends.socket.resume();
    await ends.settle(() => told.length === 1);
    assert.deepEqual(told, ['close']);
  },
  async 'a client that goes with replies unread is an error'(ends, told) {
    ends.socket.write(Buffer.from('reply'));
    await ends.settle(() => true);
    ends.hangUp();
    await ends.settle(() => told.includes('close'));
    assert.deepEqual(told, ['error', 'close']);
  },
  async 'a client that goes with nothing unread is an end, and then a write is an error'(ends, told) {
    ends.hangUp();
    await ends.settle(() => told.length === 1);
    assert.deepEqual(told, ['end']);
    ends.socket.write(Buffer.from('reply'));
    await ends.settle(() => told.includes('close'));
    assert.deepEqual(told, ['end', 'error', 'close']);
  },
  async 'a client that goes while it is not read is seen to be gone, and what it sent is read then'(
    ends,
    told,
  ) {
    ends.socket.pause();
    ends.send('one');
    await ends.settle(() => true);
    assert.equal(ends.peerGone(), false);
    ends.shutDown();
    await ends.settle(() => true);
    assert.equal(ends.peerGone(), false, 'it may still read');
    ends.hangUp();
    await ends.settle(() => ends.peerGone() || koffiMissing !== false);
    assert.equal(told.length, 0);
    ends.socket.resume();
    await ends.settle(() => told.includes('end'));
    assert.deepEqual(told, ['data one', 'end']);
    ends.socket.destroy();
    assert.equal(ends.peerGone(), false, 'there is no socket to ask');
  },
  async 'a client that goes while much waits for it is an error, be it paused'(ends, told) {
    ends.socket.pause();
    ends.socket.write(much);
    await ends.settle(() => true);
    ends.hangUp();
    await ends.settle(() => told.includes('close'));
    assert.deepEqual(told, ['error', 'close']);
  },
};

for (const [what, play] of Object.entries(scenes)) {
  test(`${what}: simulated as it is`, async (t) => {
    for (const ends of [await real(t), simulated()]) await play(ends, watched(ends));
  });
}
