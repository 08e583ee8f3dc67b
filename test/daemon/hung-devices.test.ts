import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { StreamPeer } from '../devices/peers/stream-peer.ts';
import { DaemonProcess, patientFileDevice } from '../support/daemon-process.ts';
import { FrozenDisk } from '../support/frozen-disk.ts';
import { hungLookups } from '../support/hung-lookups.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { callAdmin } from './admin/admin-client.ts';

function seen(daemon: DaemonProcess, what: RegExp, from = 0): Promise<void> {
  return waitFor(`the log has ${what}`, () => what.test(daemon.log.slice(from)));
}

async function reloaded(daemon: DaemonProcess): Promise<void> {
  const before = daemon.log.length;
  daemon.signal('SIGHUP');
  await seen(daemon, / reloaded /, before);
}

test('a peer that takes nothing holds up no reload, no call of the API and no stop', async (t) => {
  const folder = temporaryDirectory(t);
  const peer = new StreamPeer(t, { framing: 'newline' });
  peer.pause();
  await peer.start();
  const siem = {
    type: 'socket',
    options: { address: peer.address, socket_type: 'tcp', write_timeout: '300ms' },
  };
  const daemon = await DaemonProcess.start(t, folder, {
    admin: { path: 'FOLDER/admin.sock', file_roots: ['FOLDER'] },
    devices: { 'file/': patientFileDevice, 'siem/': siem },
    limits: { stop_timeout: '300ms' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  // More than both systems' buffers hold, so that a write is under way for good.
  client.send(...Array.from({ length: 8_000 }, (_, index) => numberedRecord(index, 2_000)));
  await client.replied(8_000);
  await seen(daemon, /device blocked device=siem\//);

  await reloaded(daemon);
  await reloaded(daemon);
  const place = { socketPath: path.join(folder, 'admin.sock') };
  const options = { file_path: path.join(folder, 'more.log') };
  const enabled = await callAdmin(place, 'PUT', '/v1/sys/audit/more', { type: 'file', options });
  assert.equal(enabled.status, 204, enabled.text);
  assert.equal((await callAdmin(place, 'DELETE', '/v1/sys/audit/more')).status, 204);
  daemon.signal('SIGHUP');
  await daemon.stop();
  assert.match(daemon.log, /records dropped at stop device=siem\//);
  assert.doesNotMatch(daemon.log, /ended at once|stop step (failed|cut off)/);
  assert.match(daemon.log, / stopped\n$/);
});

test('a file on a disk that hangs holds up no reload and no stop, and is left behind when it is disabled', async (t) => {
  const disk = FrozenDisk.mount(t);
  if (disk === null) return;
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, {
    devices: { 'file/': patientFileDevice },
    admin: { path: 'FOLDER/admin.sock', file_roots: [disk.folder] },
    limits: { stop_timeout: '300ms' },
  });
  const place = { socketPath: path.join(folder, 'admin.sock') };
  const hung = { type: 'file', options: { file_path: path.join(disk.folder, 'hung.log') } };
  const enable = (name: string) => callAdmin(place, 'PUT', `/v1/sys/audit/${name}`, hung);
  assert.equal((await enable('hung')).status, 204);
  const client = await RecordClient.connect(t, daemon.socketPath);
  const record = async (number: number): Promise<void> => {
    client.send(numberedRecord(number));
    await client.replied(number);
    assert.equal(client.replies[number - 1]!.ok, true);
  };

  disk.freeze();
  await record(1);
  await reloaded(daemon);
  assert.match(daemon.log, /device reopened later: it is writing device=hung\//);
  const disabled = await callAdmin(place, 'DELETE', '/v1/sys/audit/hung');
  assert.equal(disabled.status, 204, disabled.text);
  assert.match(daemon.log, /device left behind device=hung\/ type=file why=/);
  const again = await enable('other');
  assert.equal(again.status, 400);
  assert.match(again.text, /is that of device ..hung\/../, 'its file is its own until it has ended');
  await reloaded(daemon);
  await record(2);
  disk.thaw();
  await seen(daemon, /device that was left behind is closed device=hung\//);
  assert.equal((await enable('hung')).status, 204, 'its path and its file are free');

  disk.freeze();
  await record(3);
  daemon.signal('SIGTERM');
  await seen(daemon, / stopped\n/);
  assert.match(daemon.log, /device left behind device=hung\/ type=file why=.*\n.* stopped\n/s);
  assert.doesNotMatch(daemon.log, /ended at once|stop step (failed|cut off)/);
  disk.thaw();
  assert.equal(await daemon.ended(), 1);
  assert.equal(daemon.lines('audit.log').length, 3);
});

test('a name lookup that never ends keeps no stop: the process ends in order, with its exit code', async (t) => {
  const folder = temporaryDirectory(t);
  const through = hungLookups(t, folder);
  if (through === null) return;
  const siem = { type: 'socket', options: { address: 'collector.invalid:6514', socket_type: 'tcp' } };
  const daemon = await DaemonProcess.startThrough(t, folder, through, {
    metrics: { listen: null },
    devices: { 'file/': patientFileDevice, 'siem/': siem },
  });
  assert.equal(await daemon.stop(), 0, daemon.log);
  assert.match(daemon.log, / stopped\n.* work left behind what="name lookup" calls=1\n$/);
});
