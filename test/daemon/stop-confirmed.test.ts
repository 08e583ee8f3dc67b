import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { wholeLines } from '../support/whole-lines.ts';

const count = 250;

/** What the readers of sockets hold is small beside this: some of it is still on its way when the stop comes. */
const padding = 4000;

/** Reads a little at a time once it begins, and says something before each time. */
class SlowPeer {
  readonly chunks: Buffer[] = [];
  readonly #server: net.Server;
  readonly #speaks: boolean;
  #socket: net.Socket | null = null;
  broken = false;

  private constructor(test: TestContext, speaks: boolean) {
    this.#speaks = speaks;
    this.#server = net.createServer({ pauseOnConnect: true }, (socket) => {
      this.#socket = socket;
      socket.on('error', () => {
        this.broken = true;
      });
      if (speaks) socket.write('ready\n');
    });
    test.after(() => {
      this.#socket?.destroy();
      this.#server.close();
    });
  }

  static async listen(test: TestContext, where: net.ListenOptions, speaks: boolean): Promise<SlowPeer> {
    const peer = new SlowPeer(test, speaks);
    await new Promise<void>((resolve) => peer.#server.listen(where, resolve));
    return peer;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  begin(): void {
    const socket = this.#socket!;
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      socket.pause();
      if (this.#speaks) socket.write('thanks\n');
      setTimeout(() => socket.resume(), 5);
    });
    socket.resume();
  }

  get numbers(): number[] {
    return recordNumbers(wholeLines(Buffer.concat(this.chunks).toString()));
  }
}

async function acknowledged(test: TestContext, daemon: DaemonProcess): Promise<void> {
  const client = await RecordClient.connect(test, daemon.socketPath);
  client.send(...Array.from({ length: count }, (_, index) => numberedRecord(index, padding)));
  const replies = await client.replied(count);
  assert.ok(replies.every((reply) => reply.ok));
  client.socket.destroy();
}

for (const { what, where, speaks } of [
  { what: 'a TCP peer that reads slowly and writes back', where: 'tcp', speaks: true },
  { what: 'a TCP peer that reads slowly in silence', where: 'tcp', speaks: false },
  { what: 'a UNIX peer that reads slowly and writes back', where: 'unix', speaks: true },
] as const) {
  test(`${what} has every acknowledged record after a stop`, async (t) => {
    const folder = temporaryDirectory(t);
    const socketPath = path.join(folder, 'peer.sock');
    const listen = where === 'tcp' ? { port: 0, host: '127.0.0.1' } : { path: socketPath };
    const peer = await SlowPeer.listen(t, listen, speaks);
    const address = where === 'tcp' ? `127.0.0.1:${peer.port}` : socketPath;
    const daemon = await DaemonProcess.start(t, folder, {
      devices: {
        'peer/': { type: 'socket', options: { address, socket_type: where, write_timeout: '10m' } },
      },
      limits: { stop_timeout: '10m' },
    });
    // The buffer of a UNIX socket holds less than that.
    if (where === 'unix') peer.begin();
    await acknowledged(t, daemon);
    daemon.signal('SIGTERM');
    await waitFor('the stop is under way', () => daemon.log.includes('stopping'));
    if (where === 'tcp') peer.begin();
    await waitFor('the peer has all', () => {
      assert.equal(peer.broken, false, 'the connection was reset');
      return peer.numbers.length === count;
    });
    assert.equal(await daemon.ended(), 0);
    assert.doesNotMatch(daemon.log, /unconfirmed|dropped/);
  });
}

test('what a peer that stopped reading did not get is counted, and is no orderly stop', async (t) => {
  const folder = temporaryDirectory(t);
  const peer = await SlowPeer.listen(t, { port: 0, host: '127.0.0.1' }, true);
  const options = { address: `127.0.0.1:${peer.port}`, write_timeout: '10m' };
  const daemon = await DaemonProcess.start(t, folder, {
    devices: { 'peer/': { type: 'socket', options } },
    limits: { stop_timeout: '300ms' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  // The system takes it from us, and has room for a part of it at the peer.
  const size = 8_000;
  const records = 1_000;
  client.send(...Array.from({ length: records }, (_, index) => numberedRecord(index, size)));
  await waitFor('some are acknowledged', () => client.replies.length > 0);
  daemon.signal('SIGTERM');
  assert.equal(await daemon.ended(), 1);
  peer.begin();
  await waitFor('the peer has what it gets', () => peer.broken || peer.numbers.length === records);
  const ok = client.replies.filter((reply) => reply.ok).length;
  const missing = ok - peer.numbers.length;
  const counted = [...daemon.log.matchAll(/(?:dropped|unconfirmed)_records=(\d+)/g)];
  const sum = counted.reduce((total, [, digits]) => total + Number(digits), 0);
  assert.ok(sum >= missing, `${missing} missing, ${sum} counted: ${daemon.log}`);
});
