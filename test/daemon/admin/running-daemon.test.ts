import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess, fileDevice } from '../../support/daemon-process.ts';
import { RecordClient } from '../../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../../support/records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type AdminReply, callAdmin } from './admin-client.ts';
import { writeTokenFile } from './in-process.ts';

interface Running {
  readonly daemon: DaemonProcess;
  readonly folder: string;
  readonly socketPath: string;
  call(method: string, target: string, body?: unknown): Promise<AdminReply>;
}

async function start(t: TestContext, overrides: Record<string, unknown> = {}): Promise<Running> {
  const folder = temporaryDirectory(t);
  const socketPath = path.join(folder, 'admin.sock');
  const daemon = await DaemonProcess.start(t, folder, {
    admin: { path: socketPath, file_roots: [folder] },
    devices: {},
    ...overrides,
  });
  return {
    daemon,
    folder,
    socketPath,
    call: (method, target, body) => callAdmin({ socketPath }, method, `/v1/sys/${target}`, body),
  };
}

/** A UNIX stream server that accepts and never reads. */
async function silentPeer(t: TestContext, socketPath: string): Promise<{ leave(): void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const leave = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  t.after(leave);
  return { leave };
}

test('audit-hash gives what stands in the log for a hash field, from the reload on that brings it', async (t) => {
  const devices = { 'file/': fileDevice };
  const { daemon, socketPath, call } = await start(t, { devices });
  const redirect = 'https://h/cb?code=one-time';
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(JSON.stringify({ response: { redirect, headers: { 'Set-Cookie': [redirect] } } }));
  await client.replied(1);
  const admin = { path: socketPath, file_roots: [daemon.folder] };
  daemon.configure({ devices, admin, hash_fields: ['response.redirect', 'response.headers'] });
  daemon.signal('SIGHUP');
  await waitFor('the reload is done', () => daemon.log.includes('reloaded'));
  client.send(JSON.stringify({ response: { redirect, headers: { 'Set-Cookie': [redirect] } } }));
  await client.replied(2);
  const [before, after] = daemon
    .lines('audit.log')
    .map((line) => (JSON.parse(line) as { response: object }).response);
  const { hash } = (await call('POST', 'audit-hash/file', { input: redirect })).body;
  assert.deepEqual(before, { redirect, headers: { 'Set-Cookie': [redirect] } });
  assert.deepEqual(after, { redirect: hash, headers: { 'Set-Cookie': [hash] } });
});

test('every call works while no device takes records, and a new device ends that', async (t) => {
  const { daemon, folder, call } = await start(t);
  const gone = await silentPeer(t, path.join(folder, 'gone.sock'));
  await silentPeer(t, path.join(folder, 'stalled.sock'));
  for (const name of ['gone', 'stalled']) {
    const options = {
      address: path.join(folder, `${name}.sock`),
      socket_type: 'unix',
      write_timeout: '200ms',
    };
    const enabled = await call('PUT', `audit/${name}`, { type: 'socket', options });
    assert.equal(enabled.status, 204, enabled.text);
  }
  gone.leave();
  const client = await RecordClient.connect(t, daemon.socketPath);
  let sent = 0;
  await waitFor('a record is not recorded', async () => {
    client.send(numberedRecord(sent++, 200_000));
    return (await client.replied(sent)).at(-1)!.code === 'not_recorded';
  });

  assert.deepEqual(Object.keys((await call('GET', 'audit')).body.data).sort(), ['gone/', 'stalled/']);
  assert.match(
    (await call('POST', 'audit-hash/gone', { input: 'x' })).body.hash,
    /^hmac-sha256:[0-9a-f]{64}$/,
  );
  assert.equal((await call('PUT', 'config/auditing/request-headers/x-one', { hmac: true })).status, 204);
  assert.equal(
    (await call('POST', 'mounts/secret/tune', { audit_non_hmac_request_keys: 'cas' })).status,
    204,
  );
  assert.equal((await call('DELETE', 'audit/gone')).status, 204);
  const file = { type: 'file', options: { file_path: path.join(folder, 'rescue.log') } };
  assert.equal((await call('PUT', 'audit/rescue', file)).status, 204);
  assert.equal((await call('DELETE', 'audit/stalled')).status, 204);
  client.send(numberedRecord(sent++));
  assert.equal((await client.replied(sent)).at(-1)!.ok, true);
  assert.equal(recordNumbers(daemon.lines('rescue.log')).at(-1), sent - 1);
});

test('a device is kept only if it wrote the test record, which is the first line of its file', async (t) => {
  const { daemon, folder, call } = await start(t);
  const refused = async (name: string, device: unknown, why: RegExp): Promise<void> => {
    const reply = await call('POST', `audit/${name}`, device);
    assert.equal(reply.status, 400, reply.text);
    assert.match(reply.body.errors[0], why);
  };
  const file = (file_path: string) => ({ type: 'file', options: { file_path } });
  await refused('below', file(path.join(daemon.configFile, 'x.log')), /config\.yaml\/x\.log/);
  await refused('away', file('/etc/x.log'), /file_roots/);
  const socket = {
    type: 'socket',
    options: { address: path.join(folder, 'none.sock'), socket_type: 'unix' },
  };
  await refused('nobody', socket, /none\.sock/);
  assert.deepEqual((await call('GET', 'audit')).body.data, {});
  assert.deepEqual(
    readdirSync(path.join(folder, 'state')).filter((name) => name === 'salts'),
    ['salts'],
  );
  assert.deepEqual(readdirSync(path.join(folder, 'state/salts')), []);

  const untested = { ...socket, options: { ...socket.options, skip_test: true } };
  assert.equal((await call('POST', 'audit/nobody', untested)).status, 204);
  assert.equal((await call('POST', 'audit/file', file(path.join(folder, 'file.log')))).status, 204);
  const [line, ...more] = daemon.lines('file.log').map((text) => JSON.parse(text));
  assert.deepEqual(
    [line.type, line.request.operation, line.request.path],
    ['request', 'update', 'sys/audit/test'],
  );
  assert.match(line.request.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(more, []);
});

test('devices of the configuration and of the API stand in one table, and the file’s cannot be disabled', async (t) => {
  const { daemon, folder, socketPath, call } = await start(t, { devices: { 'config/': fileDevice } });
  const device = { type: 'file', options: { file_path: path.join(folder, 'api.log') } };
  assert.equal((await call('PUT', 'audit/api', device)).status, 204);
  assert.deepEqual(Object.keys((await call('GET', 'audit')).body.data).sort(), ['api/', 'config/']);
  const { body } = await callAdmin({ socketPath }, 'GET', '/readyz');
  const declared = body.devices.map(({ path, declared }: Record<string, string>) => [path, declared]);
  assert.deepEqual(declared.sort(), [
    ['api/', 'api'],
    ['config/', 'config'],
  ]);
  const refused = await call('DELETE', 'audit/config');
  assert.equal(refused.status, 400);
  assert.match(refused.body.errors[0], /configuration file/);
  const below = await call('PUT', 'audit/config/below', device);
  assert.deepEqual([below.status, below.body], [400, { errors: ['path already in use'] }]);
  const size = statSync(path.join(folder, 'audit.log')).size;
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  assert.equal((await client.replied(1))[0]!.ok, true);
  assert.ok(statSync(path.join(folder, 'audit.log')).size > size);
});

test('SIGHUP reads the token file again, and leaves devices of the API where they are', async (t) => {
  const folder = temporaryDirectory(t);
  const before = 'the-token-before-1';
  const after = 'the-token-afterwards';
  const admin = {
    path: path.join(folder, 'admin.sock'),
    file_roots: [folder],
    tcp: { address: '127.0.0.1:0', token_file: writeTokenFile(folder, before) },
  };
  const daemon = await DaemonProcess.start(t, folder, { admin, devices: {} });
  const port = Number(/admin address="?127\.0\.0\.1:(\d+)/.exec(daemon.log)![1]);
  const call = (token: string, method: string, target: string, body?: unknown) =>
    callAdmin({ port, headers: { 'X-Vault-Token': token } }, method, target, body);
  const device = { type: 'file', options: { file_path: path.join(folder, 'api.log') } };
  assert.equal((await call(before, 'PUT', '/v1/sys/audit/api', device)).status, 204);
  assert.equal((await call(after, 'GET', '/v1/sys/audit')).status, 403);

  writeTokenFile(folder, `${after}\n`);
  daemon.signal('SIGHUP');
  await waitFor('the daemon has reloaded', () => daemon.log.includes(' reloaded '));
  assert.equal((await call(before, 'GET', '/v1/sys/audit')).status, 403);
  assert.deepEqual(Object.keys((await call(after, 'GET', '/v1/sys/audit')).body.data), ['api/']);

  writeTokenFile(folder, 'short');
  daemon.signal('SIGHUP');
  await waitFor('the reload is refused', () => daemon.log.includes('not reloaded'));
  assert.match(daemon.log, /Cannot use token file .*line 1 has fewer than 16 characters/);
  assert.equal((await call(after, 'GET', '/v1/sys/audit')).status, 200);
  assert.doesNotMatch(daemon.log, /the-token/);
  assert.equal(await daemon.stop(), 0);
  assert.equal(existsSync(admin.path), false);
});

test('a header and a tuned key are in force for the next record, and outlive a kill', async (t) => {
  const { daemon, folder, call } = await start(t);
  const device = { type: 'file', options: { file_path: path.join(folder, 'api.log') } };
  assert.equal((await call('PUT', 'audit/api', device)).status, 204);
  const record = JSON.stringify({
    type: 'request',
    request: {
      id: '1',
      mount_point: 'secret/',
      data: { cas: 'clear', password: 's.secret' },
      headers: { 'X-One': ['one'], 'x-two': ['two'] },
    },
  });
  const written = async (): Promise<{ data: Record<string, string>; headers: Record<string, string[]> }> => {
    const client = await RecordClient.connect(t, daemon.socketPath);
    client.send(record);
    assert.equal((await client.replied(1))[0]!.ok, true);
    return JSON.parse(daemon.lines('api.log').at(-1)!).request;
  };
  const plain = await written();
  assert.match(plain.data['cas']!, /^hmac-sha256:/);
  assert.deepEqual(plain.headers, {});

  assert.equal((await call('PUT', 'config/auditing/request-headers/X-ONE', { hmac: false })).status, 204);
  assert.equal(
    (await call('POST', 'mounts/secret/tune', { audit_non_hmac_request_keys: 'cas' })).status,
    204,
  );
  for (const restart of [false, true]) {
    if (restart) {
      await daemon.kill();
      await daemon.run();
    }
    const changed = await written();
    assert.equal(changed.data['cas'], 'clear');
    assert.match(changed.data['password']!, /^hmac-sha256:/);
    assert.deepEqual(changed.headers, { 'x-one': ['one'] });
  }
});

test('a stop ends a change under way: nothing of it is kept, and the caller is told', async (t) => {
  const { daemon, folder, call } = await start(t, { devices: { 'file/': fileDevice } });
  // Takes the connection and answers nothing: the test record is never acknowledged.
  const silent = net.createServer((socket) => socket.resume().on('error', () => {}));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const { port } = silent.address() as net.AddressInfo;
  const options = { uri: `http://127.0.0.1:${port}/`, write_timeout: '1h' };
  const enabling = call('PUT', 'audit/h', { type: 'http', options }).catch(() => null);
  await waitFor(
    'the device is being tried',
    () => readdirSync(path.join(folder, 'state/salts')).length === 2,
  );
  await once(silent, 'connection');
  assert.equal(await daemon.stop(), 0);
  const reply = await enabling;
  assert.ok(reply === null || reply.status >= 400);
  await daemon.run();
  const { body } = await call('GET', 'audit');
  assert.deepEqual(Object.keys(body.data), ['file/']);
  assert.equal(readdirSync(path.join(folder, 'state/salts')).length, 1);
});

test('a damaged salt keeps no other device from being enabled or disabled', async (t) => {
  const { folder, call } = await start(t);
  const file = (name: string): object => ({ type: 'file', options: { file_path: path.join(folder, name) } });
  for (const name of ['u', 'v']) assert.equal((await call('PUT', `audit/${name}`, file(name))).status, 204);
  writeFileSync(path.join(folder, 'state/salts/v%2f'), '');
  assert.equal((await call('DELETE', 'audit/u')).status, 204);
  assert.equal((await call('PUT', 'audit/w', file('w'))).status, 204);
  assert.equal((await call('DELETE', 'audit/v')).status, 204);
  assert.deepEqual(readdirSync(path.join(folder, 'state/salts')), ['w%2f']);
});

test('a device whose queue cannot hold the test record says so', async (t) => {
  const { folder, call } = await start(t);
  const options = { file_path: path.join(folder, 'small.log'), queue_bytes: 10 };
  const { status, body } = await call('PUT', 'audit/small', { type: 'file', options });
  assert.equal(status, 400);
  assert.match(body.errors[0], /longer than the device can take/);
});

test('the file of another device is not shared, and its mode stays as it is', async (t) => {
  const { folder, call } = await start(t, {
    devices: { 'file/': { type: 'file', options: { file_path: 'FOLDER/audit.log', mode: '0640' } } },
  });
  symlinkSync(path.join(folder, 'audit.log'), path.join(folder, 'link.log'));
  for (const name of ['audit.log', 'link.log']) {
    const options = { file_path: path.join(folder, name), mode: '0666' };
    const { status, body } = await call('PUT', 'audit/evil', { type: 'file', options });
    assert.equal(status, 400);
    assert.match(body.errors[0], /^Cannot enable device "evil\/": file .* is that of device "file\/"$/);
  }
  assert.equal(statSync(path.join(folder, 'audit.log')).mode & 0o777, 0o640);
});

test('a device can be enabled whatever paths are not audited, and beside one whose peer is silent', async (t) => {
  const { folder, call } = await start(t, { unaudited_paths: ['sys/*'] });
  const silent = net.createServer((socket) => socket.resume().on('error', () => {}));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const uri = `http://127.0.0.1:${(silent.address() as net.AddressInfo).port}/`;
  const waiting = call('PUT', 'audit/h', { type: 'http', options: { uri, write_timeout: '5s' } });
  await once(silent, 'connection');
  const options = { file_path: path.join(folder, 'a.log') };
  assert.equal((await call('PUT', 'audit/h/below', { type: 'file', options })).status, 400);
  assert.equal((await call('PUT', 'audit/a', { type: 'file', options })).status, 204);
  assert.equal((await call('DELETE', 'audit/a')).status, 204);
  assert.equal((await waiting).status, 400);
});

test('a client that ends its side after its request gets the answer', async (t) => {
  const { socketPath, call } = await start(t);
  const body = '{"hmac":true}';
  const socket = net.connect({ path: socketPath, allowHalfOpen: true });
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.end(
    `PUT /v1/sys/config/auditing/request-headers/x-half HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await once(socket, 'end');
  assert.match(answer, /^HTTP\/1\.1 204 /);
  const { body: read } = await call('GET', 'config/auditing/request-headers/x-half');
  assert.deepEqual(read.data, { 'x-half': { hmac: true } });
});
