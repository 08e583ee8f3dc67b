import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../daemon/clock.ts';
import { DeviceFailure } from '../../devices/device.ts';
import type { FoundSocket, Peer } from '../../devices/peer-bounds.ts';
import { deviceKinds, parseDevice } from '../../devices/registry.ts';
import { koffiMissing } from '../support/koffi.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { linesOf } from './batches.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { HttpPeer } from './peers/http-peer.ts';
import { StreamPeer } from './peers/stream-peer.ts';

/** Every kind of device that connects over a network, to a host. */
const variants: Readonly<Record<string, (peer: string) => Record<string, string>>> = {
  'socket tcp': (address) => ({ address }),
  'socket udp': (address) => ({ address, socket_type: 'udp' }),
  'syslog tcp': (address) => ({ address, socket_type: 'tcp' }),
  'syslog udp': (address) => ({ address }),
  'http http': (address) => ({ uri: `http://${address}/` }),
};

test('each kind that connects to a host asks its bounds with the address that the host leads to', async (t) => {
  const kinds = new Set(Object.keys(variants).map((name) => name.split(' ')[0]));
  assert.deepEqual(
    deviceKinds.map(({ type }) => type).filter((type) => !kinds.has(type)),
    ['file'],
  );
  const posts = new HttpPeer(t);
  await posts.start();
  const lines = linesOf(['{"a":1}']);
  for (const [name, options] of Object.entries(variants)) {
    const [type = '', protocol = ''] = name.split(' ');
    const port = new URL(posts.uri).port;
    for (const host of ['localhost', '127.0.0.1']) {
      for (const refusal of type === 'http' ? ['it is forbidden', null] : ['it is forbidden']) {
        const asked: [Peer, string][] = [];
        const device = parseDevice(type, options(`${host}:${port}`)).create({
          path: 'api/',
          clock: systemClock,
          onLost: () => {},
          onTrouble: () => {},
          peerBounds: {
            refusal: (peer, address) => {
              asked.push([{ kind: peer.kind, host: peer.host, port: peer.port }, address]);
              return refusal;
            },
            socketAt: () => assert.fail('there is no path'),
          },
        });
        const lane = new LaneStandIn(t, type, {}, device);
        const failure = await lane.open().then(
          async () => (await lane.write(lines)).failure,
          (error: unknown) => error,
        );
        const what = `${name} ${host} ${refusal}`;
        if (refusal !== null) {
          assert.ok(failure instanceof DeviceFailure, what);
          assert.deepEqual([failure.reason, failure.permanent], ['permission', true], what);
          assert.match(failure.message, /^Cannot (connect|post) to ".*": it is forbidden$/, what);
        }
        assert.ok(asked.length > 0, what);
        for (const [peer, address] of asked) {
          const kind = protocol === 'udp' ? 'udp' : 'tcp';
          assert.deepEqual(peer, { kind, host, port: Number(port) }, what);
          assert.ok(address === '127.0.0.1' || (address === '::1' && host === 'localhost'), address);
        }
      }
    }
  }
  assert.ok(posts.posted.length > 0, 'what is allowed arrives');
});

test('each kind that connects to a path asks its bounds each time, and connects to what they find', async (t) => {
  const folder = temporaryDirectory(t);
  const real = path.join(folder, 'real.sock');
  const stream = new StreamPeer(t, { framing: 'newline', path: real });
  await stream.start();
  const asked = path.join(folder, 'asked.sock');
  const unixgram = koffiMissing === false ? [['socket', 'unixgram'] as const] : [];
  for (const [type, socketType] of [['socket', 'unix'], ['syslog', 'unix'], ...unixgram] as const) {
    const what = `${type} ${socketType}`;
    const paths: string[] = [];
    let found: FoundSocket = { refusal: 'it is forbidden' };
    const device = parseDevice(type, { address: asked, socket_type: socketType }).create({
      path: 'api/',
      clock: systemClock,
      onLost: () => {},
      onTrouble: () => {},
      peerBounds: {
        refusal: () => assert.fail('there is no host'),
        async socketAt(at) {
          paths.push(at);
          return found;
        },
      },
    });
    const lane = new LaneStandIn(t, type, {}, device);
    const refused = new RegExp(`^Cannot connect to "${asked}": it is forbidden$`);
    await assert.rejects(
      lane.open(),
      { name: 'DeviceFailure', reason: 'permission', message: refused },
      what,
    );
    found = { real: `/${'x'.repeat(107)}` };
    await assert.rejects(lane.open(), /leads to "\/x+", which is longer than 107 bytes$/, what);
    found = { real };
    // Nobody takes datagrams there.
    if (socketType === 'unixgram') await assert.rejects(lane.open(), { reason: 'unsuitable' }, what);
    else await lane.open();
    assert.deepEqual(paths, [asked, asked, asked], what);
  }
});
