import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, patientFileDevice } from '../support/daemon-process.ts';
import { FrozenDisk } from '../support/frozen-disk.ts';
import { hungLookups } from '../support/hung-lookups.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

/** Devices `hung-0/` and on, on a disk of their own, beside `file/` on one that works. */
function hungDevices(count: number, folder: string): Record<string, unknown> {
  const hung = Array.from({ length: count }, (_, index) => [
    `hung-${index}/`,
    { type: 'file', options: { file_path: path.join(folder, `${index}.log`), write_timeout: '300ms' } },
  ]);
  return { 'file/': patientFileDevice, ...Object.fromEntries(hung) };
}

/** One record after the other, so that each reply is waited for; all are to be recorded. */
async function recordEach(client: RecordClient, from: number, to: number): Promise<void> {
  const before = client.replies.length;
  for (let number = from; number < to; number++) {
    client.send(numberedRecord(number));
    const replies = await client.replied(before + number - from + 1);
    assert.equal(replies.at(-1)!.ok, true, JSON.stringify(replies.at(-1)));
  }
}

test('eight files that hang stop neither the healthy one, nor a reply, nor the stop', async (t) => {
  const disk = FrozenDisk.mount(t);
  if (disk === null) return;
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, {
    listeners: [{ path: 'FOLDER/ingest.sock' }, { path: 'FOLDER/devices.sock', replies: 'devices' }],
    devices: hungDevices(8, disk.folder),
    limits: { stop_timeout: '300ms' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const patient = await RecordClient.connect(t, path.join(folder, 'devices.sock'));
  await recordEach(client, 0, 1);

  disk.freeze();
  await recordEach(client, 1, 20);
  // This one waits for all, and no longer than the write timeout of those that hang.
  patient.send(numberedRecord(20));
  const [reply] = await patient.replied(1);
  assert.equal(reply!.ok, true);
  assert.deepEqual(
    Object.values(reply!.devices!).map((outcome) => outcome.replace('queue_full', 'late')),
    ['recorded', ...Array.from({ length: 8 }, () => 'late')],
  );
  await recordEach(client, 21, 30);

  daemon.signal('SIGTERM');
  await waitFor('it has stopped', () => / stopped\n/.test(daemon.log));
  assert.equal(daemon.log.match(/device left behind device=hung-/g)?.length, 8);
  assert.doesNotMatch(daemon.log, /ended at once|stop step (failed|cut off)/);
  disk.thaw();
  assert.equal(await daemon.ended(), 1);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [...Array(30).keys()]);
});

test('files that hang and names that nobody tells stop the healthy one no more together', async (t) => {
  const disk = FrozenDisk.mount(t);
  if (disk === null) return;
  const folder = temporaryDirectory(t);
  const through = hungLookups(t, folder);
  if (through === null) return;
  const lost = Array.from({ length: 24 }, (_, index) => [
    `siem-${index}/`,
    { type: 'socket', options: { address: `collector-${index}.invalid:6514`, socket_type: 'tcp' } },
  ]);
  const daemon = await DaemonProcess.startThrough(t, folder, through, {
    devices: { ...hungDevices(4, disk.folder), ...Object.fromEntries(lost) },
    limits: { stop_timeout: '300ms' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  disk.freeze();
  await recordEach(client, 0, 20);
  disk.thaw();
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [...Array(20).keys()]);
});

test('a process has threads for what its configuration names and the API may add, and says so of one file too many', async (t) => {
  const folder = temporaryDirectory(t);
  const files = (count: number): Record<string, unknown> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `file-${index}/`,
        { type: 'file', options: { file_path: `FOLDER/${index}.log` } },
      ]),
    );
  const daemon = await DaemonProcess.start(t, folder, { devices: files(3) });
  const threads = readdirSync(`/proc/${daemon.pid}/task`).length;
  daemon.configure({ devices: files(60) });
  daemon.signal('SIGHUP');
  await waitFor('the reload is refused', () => daemon.log.includes('not reloaded'));
  const refusal =
    /not reloaded, running on as before error="Cannot .*: devices would have 60 files, and (\d+) threads suffice for (\d+): restart the daemon with UV_THREADPOOL_SIZE=144 in its environment"/;
  const [, there, suffice] = refusal.exec(daemon.log)!.map(Number);
  assert.ok(suffice! >= 3 + 32, 'the API has room for 32 at least');
  assert.equal(there, 2 * (suffice! + 12));
  assert.ok(threads > there!, 'all of these threads are there');
  assert.equal(await daemon.stop(), 0);

  await daemon.run();
  assert.match(daemon.log, / started .*devices=60\n/);
  assert.ok(readdirSync(`/proc/${daemon.pid}/task`).length > 2 * (60 + 32 + 12));
});

test('where the machine affords few threads, fewer are made, and the daemon starts', async (t) => {
  const folder = temporaryDirectory(t);
  const devices = { 'file/': patientFileDevice };
  const daemon = await DaemonProcess.startThrough(t, folder, ['prlimit', '--nproc=60'], { devices });
  const threads = readdirSync(`/proc/${daemon.pid}/task`).length;
  assert.ok(threads > 30 && threads < 50, String(threads));
});
