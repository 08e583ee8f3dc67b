import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, patientFileDevice } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

test('SIGTERM answers what was read, closes clients and removes every socket', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
  });
  const busy = await RecordClient.connect(t, daemon.socketPath);
  const idle = await RecordClient.connect(t, daemon.socketPath);
  const records = Array.from({ length: 5000 }, (_, index) => numberedRecord(index));
  busy.send(...records);
  await busy.replied(1);
  daemon.signal('SIGTERM');
  await waitFor('both clients are closed', () => busy.ended && idle.ended);
  assert.equal(await daemon.ended(), 0);
  const written = new Set(recordNumbers(daemon.lines('audit.log')));
  const replies = busy.replies;
  for (const [index, reply] of replies.entries()) {
    if (reply.ok) assert.ok(written.has(index), `record ${index} was answered ok`);
    else assert.equal(reply.code, 'stopping');
  }
  assert.equal(replies.filter((reply) => reply.ok).length, written.size);
  for (const socket of ['ingest.sock', 'metrics.sock']) {
    assert.equal(existsSync(path.join(daemon.folder, socket)), false, socket);
  }
});

test('a stop waits for a slow device no longer than `stop_timeout`, and says what was dropped', async (t) => {
  const folder = temporaryDirectory(t);
  const stalled = net.createServer((socket) => socket.pause());
  stalled.listen(path.join(folder, 'peer.sock'));
  t.after(() => stalled.close());
  const daemon = await DaemonProcess.start(t, folder, {
    devices: {
      'file/': patientFileDevice,
      'peer/': { type: 'socket', options: { address: 'FOLDER/peer.sock', socket_type: 'unix' } },
    },
    limits: { stop_timeout: '300ms' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(...Array.from({ length: 5000 }, (_, index) => numberedRecord(index, 1000)));
  await client.replied(5000);
  assert.ok(client.replies.every((reply) => reply.ok));
  // What was acknowledged and then dropped is not an orderly stop.
  assert.equal(await daemon.stop(), 1);
  assert.match(daemon.log, /records dropped at stop.*peer\//);
  assert.equal(daemon.lines('audit.log').length, 5000);
});

test('a stop waits for a device that cannot be reached, also when nothing else keeps the process', async (t) => {
  const siem = { type: 'socket', options: { address: 'FOLDER/nobody.sock', socket_type: 'unix' } };
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    metrics: { listen: null },
    devices: { 'file/': patientFileDevice, 'siem/': siem },
    limits: { stop_timeout: '2s' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
  client.socket.destroy();
  assert.equal(await daemon.stop(), 1);
  assert.match(daemon.log, /records dropped at stop device=siem\/ type=socket dropped_records=1\n/);
  assert.match(daemon.log, / stopped\n$/);
});

test('a second SIGTERM ends a stop that waits', async (t) => {
  const folder = temporaryDirectory(t);
  const stalled = net.createServer((socket) => socket.pause());
  stalled.listen(path.join(folder, 'peer.sock'));
  t.after(() => stalled.close());
  const daemon = await DaemonProcess.start(t, folder, {
    devices: { 'peer/': { type: 'socket', options: { address: 'FOLDER/peer.sock', socket_type: 'unix' } } },
    limits: { stop_timeout: '1h' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(...Array.from({ length: 5000 }, (_, index) => numberedRecord(index, 1000)));
  await client.replied(1);
  daemon.signal('SIGTERM');
  await waitFor('the stop is under way', () => daemon.log.includes('stopping'));
  daemon.signal('SIGTERM');
  assert.equal(await daemon.ended(), 'SIGKILL');
  assert.match(daemon.log, /ended at once/);
});

test('after kill -9 the union of the logs holds every record that was answered ok, and a restart goes on', async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, {
    devices: {
      'file/': patientFileDevice,
      'second/': { type: 'file', options: { file_path: 'FOLDER/second.log' } },
    },
  });
  let sent = 0;
  const acknowledged: number[] = [];
  for (let round = 0; round < 5; round++) {
    const client = await RecordClient.connect(t, daemon.socketPath);
    const first = sent;
    for (let chunk = 0; chunk < 40; chunk++) {
      client.send(...Array.from({ length: 100 }, () => numberedRecord(sent++, 1000)));
    }
    await client.replied(500 + round * 300);
    await daemon.kill();
    await waitFor('the client sees the end', () => client.ended);
    for (const [index, reply] of client.replies.entries()) if (reply.ok) acknowledged.push(first + index);
    await daemon.run();
  }
  await daemon.stop();
  const kept = new Set<number>();
  for (const file of ['audit.log', 'second.log']) {
    for (const line of daemon.lines(file)) {
      // A glued line does not parse, and a torn one says so.
      const record = JSON.parse(line) as { request: { id: string }; torn?: true };
      if (record.torn !== true) kept.add(Number(record.request.id.slice('record-'.length)));
    }
  }
  assert.ok(acknowledged.length > 500);
  assert.deepEqual(
    acknowledged.filter((number) => !kept.has(number)),
    [],
  );
});
