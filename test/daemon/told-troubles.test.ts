import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, fileDevice, patientFileDevice } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

interface Readiness {
  readonly ready: boolean;
  readonly devices: readonly {
    readonly path: string;
    readonly state: string;
    readonly last_error: { readonly reason: string; readonly message: string } | null;
  }[];
}

async function readiness(daemon: DaemonProcess): Promise<Readiness> {
  return JSON.parse((await daemon.get('/readyz')).body) as Readiness;
}

test('a rotation that cannot be followed shows in /readyz until it is, and records go on under the old name', async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, { devices: { 'file/': patientFileDevice } });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const record = async (number: number): Promise<void> => {
    client.send(numberedRecord(number));
    assert.equal((await client.replied(number + 1))[number]!.ok, true);
  };
  await record(0);
  const log = path.join(folder, 'audit.log');
  // In one go, as the daemon sees it: it looks at the path each second.
  daemon.signal('SIGSTOP');
  renameSync(log, `${log}.1`);
  mkdirSync(log);
  daemon.signal('SIGCONT');
  daemon.signal('SIGHUP');
  await waitFor('it failed', () => daemon.log.includes('device not reopened device=file/'));
  await waitFor('it shows', async () => (await readiness(daemon)).devices[0]!.state === 'failing');
  await record(1);
  await waitFor('it was tried again', async () => {
    const metrics = await daemon.metrics();
    return (
      metrics.get('audit_sidecar_device_failures_total{device="file/",type="file",reason="unsuitable"}')! > 2
    );
  });
  const { ready, devices } = await readiness(daemon);
  assert.deepEqual([ready, devices[0]!.state], [true, 'failing'], 'its records are recorded');
  assert.equal(devices[0]!.last_error!.message, `Cannot open audit file "${log}": it is a directory`);
  assert.equal((await daemon.metrics()).get('audit_sidecar_device_up{device="file/",type="file"}'), 1);
  assert.equal(daemon.log.match(/device failing/g)?.length, 1);

  rmdirSync(log);
  await waitFor('it is followed', async () => (await readiness(daemon)).devices[0]!.state === 'ok');
  assert.deepEqual(recordNumbers(daemon.lines('audit.log.1')), [0, 1]);
  await record(2);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [2]);
  await waitFor('it is told', () => daemon.log.includes('device recovered device=file/'));
});

test('a log that is deleted while nothing is written is made anew, and told; one that cannot be shows as failing', async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, { devices: { 'file/': fileDevice } });
  const log = path.join(folder, 'audit.log');
  rmSync(log);
  await waitFor('it is there again', () => existsSync(log));
  await waitFor('it is told', () => daemon.log.includes('was deleted: it is made anew'));
  daemon.signal('SIGSTOP');
  rmSync(log);
  mkdirSync(log);
  daemon.signal('SIGCONT');
  await waitFor('it shows', async () => (await readiness(daemon)).devices[0]!.state === 'failing');
  assert.match((await readiness(daemon)).devices[0]!.last_error!.message, /: it is a directory$/);
  assert.equal((await readiness(daemon)).ready, false);
  rmdirSync(log);
  await waitFor('it is there again', async () => (await readiness(daemon)).devices[0]!.state === 'ok');
  assert.ok(existsSync(log));
});

test('what a device can never take is told once, with the id of a record', async (t) => {
  const folder = temporaryDirectory(t);
  const collector = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => collector.close());
  await once(collector, 'listening');
  const address = `127.0.0.1:${collector.address().port}`;
  const daemon = await DaemonProcess.start(t, folder, {
    devices: {
      'file/': {
        type: 'file',
        options: { file_path: 'FOLDER/audit.log', write_timeout: '10m', queue_bytes: '1MiB' },
      },
      'udp/': { type: 'socket', options: { address, socket_type: 'udp' } },
    },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1), numberedRecord(2, 70_000), numberedRecord(3, 70_000));
  await client.replied(3);
  await waitFor('it is told', () => daemon.log.includes('records dropped'));
  client.send(numberedRecord(4, 2_000_000));
  await waitFor('of the other, too', () => daemon.log.includes('records dropped device=file/'));
  assert.equal(await daemon.stop(), 0);
  const told = daemon.log
    .split('\n')
    .flatMap((line) => /records (?:no longer )?dropped .*/.exec(line)?.[0] ?? []);
  assert.match(
    told[0]!,
    /^records dropped device=udp\/ type=socket reason=too_large records=[12] id=record-0000000[23]$/,
  );
  assert.equal(
    told[1],
    'records dropped device=file/ type=file reason=too_large records=1 id=record-00000004',
  );
  assert.match(
    told[2]!,
    /^records no longer dropped device=udp\/ type=socket reason=too_large records=3 seconds=/,
  );
  assert.doesNotMatch(daemon.log, /secret/);
});

test('acknowledged records that are in no file at a stop are counted, and the exit code is 1', async (t) => {
  const folder = temporaryDirectory(t);
  const log = path.join(folder, 'audit.log');
  const daemon = await DaemonProcess.start(t, folder, {
    devices: { 'file/': patientFileDevice },
    limits: { stop_timeout: '300ms' },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  rmSync(log);
  // The path was looked at just now, and is again in a second.
  await waitFor('it is there again', () => existsSync(log));
  daemon.signal('SIGSTOP');
  rmSync(log);
  mkdirSync(log);
  client.send(...Array.from({ length: 20 }, (_, number) => numberedRecord(number)));
  daemon.signal('SIGCONT');
  // On a slow machine the second is over before the records come: then they wait, and nobody was told of any.
  await waitFor(
    'they are taken or wait',
    () => client.replies.length === 20 || /device failing/.test(daemon.log),
  );
  assert.equal(await daemon.stop(), 1);
  const recorded = client.replies.filter(({ ok }) => ok).length;
  const counted = (name: string): number => Number(new RegExp(`${name}=(\\d+)`).exec(daemon.log)?.[1] ?? 0);
  assert.deepEqual([counted('unconfirmed_records'), counted('dropped_records')], [recorded, 20 - recorded]);
  if (recorded > 0) {
    assert.match(
      daemon.log,
      /device in trouble device=file\/ .*was deleted: \d+ of its lines? (is|are) in no file"\n/,
    );
    assert.match(daemon.log, /error records unconfirmed at stop device=file\/ type=file /);
  }
  assert.match(daemon.log, / stopped\n$/);
});
