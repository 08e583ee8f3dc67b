import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { unacknowledgedBytes } from '../../../devices/transport/unacknowledged.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { linesOf, recordTexts } from '../batches.ts';
import { LaneStandIn } from '../lane-stand-in.ts';
import { makeCertificate, opensslMissing } from '../peers/certificates.ts';
import { StreamPeer } from '../peers/stream-peer.ts';

async function tcpPeer(context: TestContext): Promise<{ peer: StreamPeer; lane: LaneStandIn }> {
  const peer = new StreamPeer(context, { framing: 'newline' });
  await peer.start();
  return { peer, lane: new LaneStandIn(context, 'socket', { address: peer.address }) };
}

test('a peer that ends the connection in order is noticed without a write, as a small loss', async (context) => {
  const { peer, lane } = await tcpPeer(context);
  await lane.deliver(linesOf(recordTexts(0, 3, 100)));
  await waitFor('the peer has read all', () => peer.received().length === 3);
  peer.connections[0]!.socket.end();
  await waitFor('the device knows', () => lane.lost.length > 0);
  assert.equal(lane.lost.length, 1);
  assert.equal(lane.lost[0]!.scope, 'recent');
  assert.equal(lane.lost[0]!.failure.reason, 'closed');
  const outcome = await lane.write(linesOf(recordTexts(3, 1, 100)));
  assert.equal(outcome.failure?.reason, 'closed');
});

test('a peer that ends the connection in order before it has got everything puts all of it in doubt', async (context) => {
  const { peer, lane } = await tcpPeer(context);
  peer.pause();
  await lane.open();
  assert.equal((await lane.write(linesOf(recordTexts(0, 1, 100)))).failure, null);
  // More than both sides' buffers take.
  const writing = lane.write(linesOf(recordTexts(1, Math.ceil(lane.device.tailBytes / 10_000), 10_000)));
  const { socket } = peer.connections[0]!;
  const seenFromHere = { localPort: socket.remotePort, remotePort: socket.localPort } as Socket;
  await waitFor('our side holds something', async () => (await unacknowledgedBytes(seenFromHere))! > 0);
  socket.end();
  await waitFor('the device knows', () => lane.lost.length > 0);
  assert.deepEqual(
    lane.lost.map(({ scope, failure }) => [scope, failure.reason]),
    [['all', 'closed']],
  );
  assert.equal((await writing).settled, 0);
});

test('a peer that breaks the connection puts everything on its way in doubt', async (context) => {
  const { peer, lane } = await tcpPeer(context);
  await lane.deliver(linesOf(recordTexts(0, 3, 100)));
  await waitFor('the peer has read all', () => peer.received().length === 3);
  peer.connections[0]!.socket.resetAndDestroy();
  await waitFor('the device knows', () => lane.lost.length > 0);
  assert.deepEqual(
    lane.lost.map(({ scope, failure }) => [scope, failure.reason]),
    [['all', 'reset']],
  );
});

test('a peer that closes with lines unread puts everything on its way in doubt', async (context) => {
  const { peer, lane } = await tcpPeer(context);
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  await waitFor('the peer reads', () => peer.received().length === 1);
  peer.pause();
  for (let turn = 0; turn < 20; turn++) await lane.deliver(linesOf(recordTexts(0, 10, 1000)));
  peer.connections[0]!.socket.destroy();
  await waitFor('the device knows', () => lane.lost.length > 0);
  assert.deepEqual(
    lane.lost.map(({ scope }) => scope),
    ['all'],
  );
});

test('a write under way when the connection breaks settles nothing, after the loss is told', async (context) => {
  const { peer, lane } = await tcpPeer(context);
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  await waitFor('the peer reads', () => peer.received().length === 1);
  peer.pause();
  // More than both buffers can hold.
  const writing = lane.write(linesOf(recordTexts(0, 64, 1_000_000)));
  let lostFirst = false;
  const settled = writing.then((outcome) => {
    lostFirst = lane.lost.length === 1;
    return outcome;
  });
  peer.connections[0]!.socket.resetAndDestroy();
  const outcome = await settled;
  assert.equal(outcome.settled, 0);
  assert.equal(outcome.failure?.reason, 'reset');
  assert.ok(lostFirst);
});

test('what a peer says is read and ignored', async (context) => {
  const { peer, lane } = await tcpPeer(context);
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  await waitFor('the peer reads', () => peer.received().length === 1);
  await new Promise((resolve) => peer.connections[0]!.socket.write(Buffer.alloc(1_000_000), resolve));
  await lane.deliver(linesOf(recordTexts(1, 1, 100)));
  await waitFor('the peer reads', () => peer.received().length === 2);
  await lane.device.close(AbortSignal.abort());
  assert.deepEqual(lane.lost, []);
});

test('an attempt to connect ends when it is aborted', { skip: opensslMissing }, async (context) => {
  const { server, address } = await silentServer(context);
  const { certFile } = makeCertificate(temporaryDirectory(context), 'peer', 'IP:127.0.0.1');
  const options = { address, tls: 'true', tls_ca_cert: certFile };
  const lane = new LaneStandIn(context, 'socket', options);
  const controller = new AbortController();
  const opening = lane.device.open(controller.signal);
  // The connection stands, the handshake is never answered.
  await new Promise((resolve) => server.once('connection', resolve));
  controller.abort();
  await assert.rejects(opening, (error) => lane.checked(error).reason === 'aborted');
});

test('a peer that is not there is refused, for now', async (context) => {
  const { peer, lane } = await tcpPeer(context);
  await peer.stop();
  const failure = await lane.openFailure();
  assert.equal(failure.message, `Cannot connect to "${peer.address}": nobody listens there`);
  assert.deepEqual([failure.reason, failure.permanent], ['refused', false]);
});

test('a socket file that is not there is not found, for now', async (context) => {
  const address = path.join(temporaryDirectory(context), 'none');
  const lane = new LaneStandIn(context, 'socket', { address, socket_type: 'unix' });
  const failure = await lane.openFailure();
  assert.deepEqual([failure.reason, failure.permanent], ['not_found', false]);
});

test('what may be lost with a connection is what both buffers can hold', (context) => {
  const tcp = new LaneStandIn(context, 'socket', { address: '127.0.0.1:1' });
  const unix = new LaneStandIn(context, 'socket', { address: '/x', socket_type: 'unix' });
  const udp = new LaneStandIn(context, 'socket', { address: '127.0.0.1:1', socket_type: 'udp' });
  const last = (file: string): number =>
    Number(execFileSync('cat', [file], { encoding: 'utf8' }).trim().split(/\s+/).at(-1));
  const both = last('/proc/sys/net/ipv4/tcp_rmem') + last('/proc/sys/net/ipv4/tcp_wmem');
  assert.equal(tcp.device.tailBytes, both);
  assert.equal(unix.device.tailBytes, 2 * last('/proc/sys/net/core/wmem_default'));
  assert.equal(udp.device.tailBytes, 0);
});

/** Accepts connections and says nothing. */
async function silentServer(context: TestContext): Promise<{ server: Server; address: string }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { server, address: `127.0.0.1:${address.port}` };
}
