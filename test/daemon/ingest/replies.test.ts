import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, patientFileDevice } from '../../support/daemon-process.ts';
import { RecordClient } from '../../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../../support/records.ts';
import { SilentPeer } from '../../support/silent-peer.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

test('every record gets one reply, in order, and a bad one harms only itself', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
    limits: { max_record_bytes: 4096 },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(
    numberedRecord(1),
    '{"token":"s.secret-in-a-bad-record",}',
    `${numberedRecord(2)}\r`,
    '',
    '\r',
    JSON.stringify({ long: 's.secret'.repeat(1000) }),
    '["not an object"]',
    numberedRecord(3),
  );
  const replies = await client.replied(6);
  assert.deepEqual(
    replies.map((reply) => reply.code ?? 'ok'),
    ['ok', 'invalid_record', 'ok', 'too_large', 'invalid_record', 'ok'],
  );
  assert.match(replies[1]!.message!, /byte 36/);
  assert.doesNotMatch(JSON.stringify(replies), /secret/);
  assert.doesNotMatch(daemon.log, /secret/);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [1, 2, 3]);
});

test('a client that ends its input gets its last replies, also for a record without a newline', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  client.socket.end(numberedRecord(2));
  await waitFor('the daemon closes its side', () => client.ended);
  assert.deepEqual(client.replies, [{ ok: true }, { ok: true }]);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [1, 2]);
});

test('records that arrive byte by byte, and many in one chunk, are recorded alike', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.socket.setNoDelay(true);
  for (const byte of Buffer.from(`${numberedRecord(1)}\n`)) {
    client.socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  await client.replied(1);
  const many = Array.from({ length: 20_000 }, (_, index) => numberedRecord(index + 2));
  client.send(...many);
  const replies = await client.replied(20_001);
  assert.ok(replies.every((reply) => reply.ok));
  assert.deepEqual(
    recordNumbers(daemon.lines('audit.log')),
    Array.from({ length: 20_001 }, (_, index) => index + 1),
  );
});

test('a record of 32 MiB is recorded, and the daemon is small again afterwards', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const value = 'v'.repeat(32 * 1024 * 1024 - 100);
  client.send(JSON.stringify({ request: { data: { value } } }), numberedRecord(2));
  assert.deepEqual(await client.replied(2), [{ ok: true }, { ok: true }]);
  const lines = daemon.lines('audit.log');
  assert.equal(lines.length, 2);
  assert.match(lines[0]!, /"value":"hmac-sha256:[0-9a-f]{64}"/);
  const resident = async (): Promise<number> =>
    (await daemon.metrics()).get('process_resident_memory_bytes')!;
  await waitFor('the memory of the large record is given back', async () => {
    client.send(numberedRecord(3));
    return (await resident()) < 160 * 1024 * 1024;
  });
});

test('33 MiB on one line is refused once, and the next record on the connection is served', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const mebibyte = Buffer.alloc(1024 * 1024, 'x');
  for (let each = 0; each < 33; each++) {
    if (!client.socket.write(mebibyte)) await once(client.socket, 'drain');
  }
  client.send('', numberedRecord(2));
  const replies = await client.replied(2);
  assert.deepEqual(
    replies.map((reply) => reply.code ?? 'ok'),
    ['too_large', 'ok'],
  );
  assert.equal(replies.length, 2);
});

test('random bytes, a torn record, deep nesting and invalid UTF-8 are refused one by one', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const random = Buffer.from(
    Array.from({ length: 65_536 }, (_, index) => (index * 7919 + (index >> 3) * 31) & 0xff),
  );
  const lines = random
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '' && line !== '\r').length;
  client.socket.write(random);
  client.socket.write('\n');
  // The object around it is a level as well.
  const deepest = 10_000;
  client.send(
    numberedRecord(1).slice(0, 60),
    `${'{"a":'.repeat(deepest + 1)}1${'}'.repeat(deepest + 1)}`,
    `{"a":${'['.repeat(deepest - 1)}${']'.repeat(deepest - 1)}}`,
    `{"a":${'['.repeat(deepest)}${']'.repeat(deepest)}}`,
  );
  client.socket.write(Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xc3, 0x28), Buffer.from('"}\n')]));
  client.send(numberedRecord(2));
  const replies = await client.replied(lines + 6);
  assert.deepEqual(
    replies.slice(lines).map((reply) => reply.code ?? 'ok'),
    ['invalid_record', 'invalid_record', 'ok', 'invalid_record', 'invalid_record', 'ok'],
  );
  assert.ok(replies.slice(0, lines).every((reply) => reply.code === 'invalid_record'));
  assert.equal(daemon.lines('audit.log').length, 2);
});

test('a listener with `replies: devices` says what became of each record on each device', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    listeners: [{ path: 'FOLDER/ingest.sock', replies: 'devices' }],
    devices: {
      'file/': patientFileDevice,
      'second/': { type: 'file', options: { file_path: 'FOLDER/second.log' } },
      'absent/': {
        type: 'socket',
        options: { address: 'FOLDER/nobody.sock', socket_type: 'unix', write_timeout: '100ms' },
      },
    },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(7), 'not a record');
  const replies = await client.replied(2);
  assert.deepEqual(replies[0], {
    ok: true,
    id: 'record-00000007',
    type: 'request',
    devices: { 'file/': 'recorded', 'second/': 'recorded', 'absent/': 'late' },
  });
  assert.equal(replies[1]!.code, 'invalid_record');
});

test('a listener with `replies: none` writes nothing and keeps every record', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    listeners: [{ path: 'FOLDER/ingest.sock', replies: 'none' }],
    devices: { 'file/': patientFileDevice },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const records = Array.from({ length: 5000 }, (_, index) => numberedRecord(index + 1));
  client.send(...records);
  client.socket.end();
  await waitFor('the daemon closes its side', () => client.ended);
  await waitFor('every record is in the file', () => daemon.lines('audit.log').length === 5000);
  assert.deepEqual(client.replies, []);
});

test('a sender that reads no replies, and ends while no device can record, loses nothing', async (t) => {
  const folder = temporaryDirectory(t);
  const peer = await SilentPeer.listen(t, path.join(folder, 'peer.sock'));
  const daemon = await DaemonProcess.start(t, folder, {
    listeners: [{ path: 'FOLDER/ingest.sock', replies: 'none' }],
    devices: { 'peer/': { type: 'socket', options: { address: 'FOLDER/peer.sock', socket_type: 'unix' } } },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  await peer.leave();
  await waitFor('the daemon has noticed that it cannot record', () => daemon.log.includes('device failing'));
  const records = Array.from({ length: 100 }, (_, index) => numberedRecord(index));
  client.send(...records);
  client.socket.end();
  await peer.come();
  await waitFor('every record has arrived', () => peer.lines.length === records.length);
  assert.deepEqual(recordNumbers(peer.lines), [...records.keys()]);
  await waitFor('the daemon closes its side', () => client.ended);
});

test('records of paths that are not audited are answered ok and written nowhere', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
    unaudited_paths: { preset: 'vault' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(JSON.stringify({ request: { path: 'sys/health' } }), numberedRecord(2));
  assert.deepEqual(await client.replied(2), [{ ok: true }, { ok: true }]);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [2]);
});

test('without a device every record is refused with `no_device`', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: {} });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1), 'not a record');
  const replies = await client.replied(2);
  assert.deepEqual(
    replies.map((reply) => reply.code),
    ['no_device', 'invalid_record'],
  );
  assert.equal((await daemon.get('/readyz')).status, 503);
});

test('a client that does not read its replies is held back and harms nobody', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
    limits: { connection_bytes: '256KiB', max_record_bytes: '64KiB' },
  });
  const lazy = await RecordClient.connect(t, daemon.socketPath);
  lazy.socket.pause();
  // Invalid records: long replies for few bytes, so that the replies fill the buffers first.
  const flood = Buffer.from('x\n'.repeat(65_536));
  let blocked = false;
  while (!blocked) {
    lazy.socket.write(flood);
    await new Promise(setImmediate);
    blocked = lazy.socket.writableLength > 4 * flood.length;
  }
  const other = await RecordClient.connect(t, daemon.socketPath);
  other.send(numberedRecord(1));
  assert.deepEqual(await other.replied(1), [{ ok: true }]);
  const memory = (await daemon.metrics()).get('process_resident_memory_bytes')!;
  assert.ok(memory < 256 * 1024 * 1024, `${memory} bytes resident`);
});
