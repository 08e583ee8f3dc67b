import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { HttpPeer } from '../../devices/peers/http-peer.ts';
import { StreamPeer } from '../../devices/peers/stream-peer.ts';
import { fileDevice } from '../../support/daemon-process.ts';
import { configurationIn, startInProcess } from '../../support/in-process-daemon.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { type AdminReply, callAdmin } from '../admin/admin-client.ts';
import { writeTokenFile } from '../admin/in-process.ts';

const spellings = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '[::]', '127.1'];

test('a device of the API never sends to a port where this daemon listens, whatever the host is called', async (t) => {
  const folder = temporaryDirectory(t);
  const socketPath = path.join(folder, 'admin.sock');
  const { daemon, log } = startInProcess(
    t,
    await configurationIn(folder, {
      listeners: [{ path: 'FOLDER/ingest.sock' }, { http: '127.0.0.1:0' }],
      admin: { path: socketPath, tcp: { address: '127.0.0.1:0', token_file: writeTokenFile(folder) } },
      metrics: { listen: '[::1]:0' },
      devices: { 'file/': fileDevice },
    }),
    { speed: 1 },
  );
  await daemon.started;
  const enable = (type: string, options: Record<string, string>): Promise<AdminReply> =>
    callAdmin({ socketPath }, 'PUT', '/v1/sys/audit/x', { type, options: { ...options, skip_test: 'true' } });
  const portOf = (shown: RegExp): string => shown.exec(log.join('\n'))?.[1] ?? assert.fail(log.join('\n'));
  for (const [what, port] of [
    ['a listener for records', portOf(/listener=127\.0\.0\.1:(\d+)/)],
    ['the admin API', portOf(/admin address=127\.0\.0\.1:(\d+)/)],
    ['the metrics', portOf(/monitoring address=\[::1\]:(\d+)/)],
  ] as const) {
    for (const host of spellings) {
      for (const [type, options] of [
        ['http', { uri: `http://${host}:${port}/v1/records` }],
        ['socket', { address: `${host}:${port}` }],
        ['syslog', { address: `${host}:${port}`, socket_type: 'tcp' }],
      ] as const) {
        const { status, text } = await enable(type, options);
        assert.equal(status, 400, `${type} ${host} ${port}: ${text}`);
        assert.ok(text.includes(`port ${port} is ${what} of this very daemon`), `${type} ${host}: ${text}`);
      }
    }
  }
  for (const name of ['ingest.sock', 'admin.sock']) {
    const { status, text } = await enable('socket', {
      address: path.join(folder, name),
      socket_type: 'unix',
    });
    assert.equal(status, 400, text);
    assert.match(text, /of this very daemon/);
  }
  assert.equal(readFileSync(path.join(folder, 'audit.log'), 'utf8'), '');
});

test('devices of the API connect to what admin.allow_addresses names and nowhere else, and a reload can narrow it', async (t) => {
  const folder = temporaryDirectory(t);
  const socketPath = path.join(folder, 'admin.sock');
  const [posts, stream] = [
    new HttpPeer(t),
    new StreamPeer(t, { framing: 'newline', path: path.join(folder, 'peer.sock') }),
  ];
  await Promise.all([posts.start(), stream.start()]);
  const { port } = new URL(posts.uri);
  const admin = { path: socketPath };
  const allow = ['10.0.0.0/8', `localhost:${port}`, path.join(folder, 'peer.sock')];
  const { daemon } = startInProcess(
    t,
    await configurationIn(folder, {
      admin: { ...admin, allow_addresses: allow },
      // The operator's own is bound by nothing.
      devices: { 'file/': fileDevice, 'own/': { type: 'http', options: { uri: posts.uri } } },
    }),
    { speed: 1 },
  );
  await daemon.started;
  const call = (method: string, name: string, device?: unknown): Promise<AdminReply> =>
    callAdmin({ socketPath }, method, `/v1/sys/audit/${name}`, device);
  const http = (host: string): unknown => ({ type: 'http', options: { uri: `http://${host}/` } });
  const socket = (address: string, socket_type: string, more: object = {}): unknown => ({
    type: 'socket',
    options: { address, socket_type, ...more },
  });
  for (const device of [
    http(`127.0.0.1:${port}`),
    socket(`127.0.0.1:${port}`, 'tcp'),
    socket('[::1]:9', 'udp'),
    socket(path.join(folder, 'other.sock'), 'unix'),
    { type: 'syslog', options: {} },
  ]) {
    const { status, text } = await call('PUT', 'x', device);
    assert.equal(status, 400, text);
    assert.match(text, /through the API: admin\.allow_addresses does not allow it/);
  }
  // A name may lead into the range, so it is looked up, each time anew.
  for (const device of [
    socket('localhost:9', 'udp'),
    socket('localhost:9', 'tcp'),
    socket('localhost:9', 'tcp', { skip_test: true }),
  ]) {
    const { status, text } = await call('PUT', 'x', device);
    assert.equal(status, 400, text);
    assert.match(text, /admin\.allow_addresses does not allow where the host leads/);
  }
  assert.equal((await call('PUT', 'unix', socket(path.join(folder, 'peer.sock'), 'unix'))).status, 204);
  assert.equal((await call('PUT', 'http', http(`localhost:${port}`))).status, 204);

  const narrowed = { admin: { ...admin, allow_addresses: [] }, devices: { 'file/': fileDevice } };
  await assert.rejects(
    daemon.reload(await configurationIn(folder, narrowed)),
    /Cannot use device "unix\/", .*admin\.allow_addresses does not allow it/,
  );
  for (const name of ['unix', 'http']) assert.equal((await call('DELETE', name)).status, 204);
  await daemon.reload(await configurationIn(folder, narrowed));
  assert.equal((await call('PUT', 'unix', socket(path.join(folder, 'peer.sock'), 'unix'))).status, 400);
});
