import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { StreamPeer } from '../devices/peers/stream-peer.ts';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { callAdmin } from './admin/admin-client.ts';

const second = { type: 'file', options: { file_path: 'FOLDER/second.log' } };

async function reloaded(daemon: DaemonProcess): Promise<void> {
  const before = daemon.log.length;
  daemon.signal('SIGHUP');
  await waitFor('the reload is over', () => /reloaded/.test(daemon.log.slice(before)));
}

/** What a device writes in place of a value. */
async function hashIn(daemon: DaemonProcess, device: string, value = 'known'): Promise<string> {
  const place = { socketPath: path.join(daemon.folder, 'admin.sock') };
  const name = device.slice(0, -1);
  const { body } = await callAdmin(place, 'POST', `/v1/sys/audit-hash/${name}`, { input: value });
  return body.hash;
}

test('SIGHUP after a rotation: the old file keeps what it had, the new one gets what follows', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  await client.replied(1);
  renameSync(path.join(daemon.folder, 'audit.log'), path.join(daemon.folder, 'audit.log.1'));
  await reloaded(daemon);
  client.send(numberedRecord(2));
  await client.replied(2);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log.1')), [1]);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [2]);
});

test('SIGHUP adds, changes and removes devices without losing a record, and keeps the salt of a removed one', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': fileDevice, 'second/': second },
  });
  const salts = (): string[] => readdirSync(path.join(daemon.folder, 'state/salts'));
  assert.equal(salts().length, 2);
  const client = await RecordClient.connect(t, daemon.socketPath);
  let sent = 0;
  let flowing = true;
  const flow = (async () => {
    while (flowing) {
      client.send(...Array.from({ length: 20 }, () => numberedRecord(sent++)));
      await client.replied(sent);
    }
  })();
  await waitFor('records flow', () => sent > 100);
  const hashBefore = await hashIn(daemon, 'file/');
  daemon.configure({
    devices: {
      'file/': { ...fileDevice, options: { ...fileDevice.options, prefix: '@cee: ' } },
      'third/': { ...second, options: { file_path: 'FOLDER/third.log' } },
    },
  });
  await reloaded(daemon);
  const at = sent;
  await waitFor('more records flow', () => sent > at + 100);
  flowing = false;
  await flow;

  assert.ok(client.replies.every((reply) => reply.ok));
  const lines = daemon.lines('audit.log');
  assert.deepEqual(
    recordNumbers(lines),
    Array.from({ length: sent }, (_, index) => index),
  );
  assert.ok(lines.at(-1)!.startsWith('@cee: '));
  // A changed device keeps its salt, and each device has one of its own.
  assert.match(hashBefore, /^hmac-sha256:[0-9a-f]{64}$/);
  assert.equal(await hashIn(daemon, 'file/'), hashBefore);
  assert.notEqual(await hashIn(daemon, 'third/'), hashBefore);
  const tokenOf = (line: string): string => /"client_token":"([^"]*)"/.exec(line)![1]!;
  assert.equal(await hashIn(daemon, 'file/', 's.secret-0'), tokenOf(lines[0]!));
  assert.equal(await hashIn(daemon, 'file/', `s.secret-${sent - 1}`), tokenOf(lines.at(-1)!));
  assert.equal(recordNumbers(daemon.lines('third.log')).at(-1), sent - 1);
  assert.deepEqual(salts(), ['file%2f', 'second%2f', 'third%2f']);
  assert.match(daemon.log, /warn {2}salt kept of a device that is gone device=second\//);
});

test('a reload that is refused changes nothing, and says why with line and key', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  const faults: [config: Record<string, unknown>, message: RegExp][] = [
    [
      { devices: { 'file/': { ...fileDevice, options: { file_path: 'FOLDER/a.log', mode: '9' } } } },
      /config\.yaml:\d+:\d+.*mode/,
    ],
    [
      { devices: { 'file/': fileDevice, 'dir/': { type: 'file', options: { file_path: 'FOLDER/state' } } } },
      /dir\/.*directory/,
    ],
    [{ devices: { 'file/': fileDevice }, state_dir: 'FOLDER/elsewhere' }, /state_dir.*restart/],
    [
      {
        devices: { 'file/': fileDevice },
        listeners: [{ path: 'FOLDER/ingest.sock' }, { path: 'FOLDER/config.yaml' }],
      },
      /config\.yaml.*something other than a socket/,
    ],
    [
      {
        devices: { 'new/': { type: 'file', options: { file_path: 'FOLDER/new.log' } } },
        metrics: { listen: 'FOLDER/audit.log' },
      },
      /audit\.log/,
    ],
  ];
  const client = await RecordClient.connect(t, daemon.socketPath);
  for (const [index, [config, message]] of faults.entries()) {
    daemon.configure(config);
    const before = daemon.log.length;
    daemon.signal('SIGHUP');
    await waitFor('the reload is refused', () => daemon.log.slice(before).includes('not reloaded'));
    assert.match(daemon.log.slice(before), message);
    client.send(numberedRecord(index));
    assert.deepEqual((await client.replied(index + 1)).at(-1), { ok: true });
  }
  assert.equal(daemon.lines('audit.log').length, faults.length);
  assert.equal(existsSync(path.join(daemon.folder, 'elsewhere')), false);
  assert.deepEqual(readdirSync(path.join(daemon.folder, 'state/salts')).length, 1);
});

test('SIGHUP opens new listeners, closes removed ones and applies the policy to the next record', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  daemon.configure({
    devices: { 'file/': fileDevice },
    listeners: [{ path: 'FOLDER/other.sock' }],
    clear_fields: ['request.service'],
  });
  await reloaded(daemon);
  assert.equal(existsSync(daemon.socketPath), false);
  const client = await RecordClient.connect(t, path.join(daemon.folder, 'other.sock'));
  client.send(JSON.stringify({ request: { service: 'billing', unknown: 'hidden' } }));
  await client.replied(1);
  const line = daemon.lines('audit.log')[0]!;
  assert.match(line, /"service":"billing"/);
  assert.match(line, /"unknown":"hmac-sha256:/);
});

test('a salt file that was changed gives the device its new salt at the next reload', async (t) => {
  const folder = temporaryDirectory(t);
  const saltFile = path.join(folder, 'salt');
  writeFileSync(saltFile, '412bfd53-96d8-1dd0-d10e-3cf5bf3d9d63\n', { mode: 0o600 });
  const daemon = await DaemonProcess.start(t, folder, {
    devices: { 'file/': { ...fileDevice, salt_file: saltFile } },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  await client.replied(1);
  writeFileSync(saltFile, '2b540909-36a0-2af3-4b57-269a76c12af3\n');
  await reloaded(daemon);
  client.send(numberedRecord(1));
  await client.replied(2);
  const [before, after] = daemon.lines('audit.log');
  assert.notEqual(before, after);
  assert.deepEqual(recordNumbers([before!, after!]), [1, 1]);
});

test('SIGHUP changes how the daemon logs', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  daemon.configure({ devices: { 'file/': fileDevice }, log: { format: 'json' } });
  await reloaded(daemon);
  const last = daemon.log.trimEnd().split('\n').at(-1)!;
  assert.equal((JSON.parse(last) as { event: string }).event, 'reloaded');
});

test('a removed listener whose client reads nothing holds up neither the reload, nor changes, nor the stop', async (t) => {
  const both = [{ path: 'FOLDER/ingest.sock' }, { path: 'FOLDER/other.sock' }];
  const limits = { stop_timeout: '300ms' };
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    listeners: both,
    limits,
    devices: { 'file/': fileDevice },
  });
  const lazy = await RecordClient.connect(t, path.join(daemon.folder, 'other.sock'));
  lazy.socket.pause();
  const flood = Buffer.from('x\n'.repeat(65_536));
  while (lazy.socket.writableLength < 4 * flood.length) {
    lazy.socket.write(flood);
    await new Promise(setImmediate);
  }
  daemon.configure({ listeners: both.slice(0, 1), limits, devices: { 'file/': fileDevice } });
  await reloaded(daemon);
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
  assert.equal(await daemon.stop(), 0);
});

test('a reload whose socket file has vanished goes through all the same', async (t) => {
  const listener = { path: 'FOLDER/ingest.sock', mode: '0660' };
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    listeners: [listener, { path: 'FOLDER/other.sock' }],
    devices: { 'file/': fileDevice },
  });
  rmSync(daemon.socketPath);
  daemon.configure({ listeners: [{ ...listener, mode: '0600' }], devices: { 'file/': fileDevice } });
  await reloaded(daemon);
  assert.match(daemon.log, /socket mode not changed/);
  await waitFor('the other listener is gone', () => !existsSync(path.join(daemon.folder, 'other.sock')));
  assert.equal(await daemon.stop(), 0);
});

test('another group for a socket that is listened on is refused, not dropped', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  const group = `${process.getgid!()}`;
  daemon.configure({ listeners: [{ path: 'FOLDER/ingest.sock', group }], devices: { 'file/': fileDevice } });
  daemon.signal('SIGHUP');
  await waitFor('the reload is refused', () => /not reloaded.*Cannot change the group/.test(daemon.log));
});

test('a removed device that is stalled holds up neither the reload nor the next one', async (t) => {
  const folder = temporaryDirectory(t);
  const stalled = new StreamPeer(t, { framing: 'newline', path: path.join(folder, 'peer.sock') });
  await stalled.start();
  stalled.pause();
  const peer = { type: 'socket', options: { address: 'FOLDER/peer.sock', socket_type: 'unix' } };
  const limits = { stop_timeout: '1h' };
  const daemon = await DaemonProcess.start(t, folder, {
    limits,
    devices: { 'file/': fileDevice, 'peer/': peer },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(...Array.from({ length: 2000 }, (_, index) => numberedRecord(index, 1000)));
  await client.replied(2000);
  daemon.configure({ limits, devices: { 'file/': fileDevice } });
  await reloaded(daemon);
  await reloaded(daemon);
  assert.doesNotMatch(daemon.log, /device disabled/);
  stalled.resume();
  await waitFor('what waited has been written', () => stalled.received().length === 2000);
  await waitFor('the device is closed', () => /device disabled.*peer\//.test(daemon.log));
});
