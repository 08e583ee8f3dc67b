import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { command, DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Runs a daemon that is expected to refuse its start. */
function refused(
  folder: string,
  overrides: Record<string, unknown>,
): { code: number | null; message: string } {
  const config = path.join(folder, 'refused.yaml');
  const defaults = {
    state_dir: 'FOLDER/state-2',
    listeners: [{ path: 'FOLDER/ingest-2.sock' }],
    admin: { path: 'FOLDER/admin-2.sock' },
    metrics: { listen: 'FOLDER/metrics-2.sock' },
    devices: { 'file/': fileDevice },
  };
  writeFileSync(config, JSON.stringify({ ...defaults, ...overrides }).replaceAll('FOLDER', folder));
  const { status, stderr } = spawnSync(process.execPath, [command, 'run', '--config', config], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, message: stderr };
}

test('an unknown key is refused with its place before anything starts', (t) => {
  const folder = temporaryDirectory(t);
  const { code, message } = refused(folder, { listners: [] });
  assert.equal(code, 2);
  assert.match(message, /refused\.yaml:1:\d+: listners: unknown key.*did you mean "listeners"/);
  assert.equal(existsSync(path.join(folder, 'state-2')), false);
});

test('a directory where the audit file should be stops the start and leaves nothing behind', (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(path.join(folder, 'audit.log'));
  // The second one finds the lock free: the first has not left it held.
  for (let time = 0; time < 2; time++) {
    const { code, message } = refused(folder, {});
    assert.equal(code, 1);
    assert.match(message, /Cannot open audit file .*audit\.log.*it is a directory/);
    assert.deepEqual(readdirSync(folder).sort(), ['audit.log', 'refused.yaml', 'state-2']);
    assert.deepEqual(readdirSync(path.join(folder, 'state-2')).sort(), ['lock', 'salts']);
    assert.deepEqual(readdirSync(path.join(folder, 'state-2/salts')), []);
  }
});

test('a port in use stops the start, naming the address', async (t) => {
  const taken = net.createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as net.AddressInfo;
  const { code, message } = refused(temporaryDirectory(t), { metrics: { listen: `127.0.0.1:${port}` } });
  assert.equal(code, 1);
  assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port}.*in use`));
});

test('a second daemon on the same state directory, or the same socket, is refused and the first goes on', async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, { devices: { 'file/': fileDevice } });
  const sameState = refused(folder, { state_dir: 'FOLDER/state' });
  assert.equal(sameState.code, 1);
  assert.match(sameState.message, new RegExp(`running process ${daemon.pid}`));
  const sameSocket = refused(folder, { listeners: [{ path: 'FOLDER/ingest.sock' }] });
  assert.equal(sameSocket.code, 1);
  assert.match(sameSocket.message, /ingest\.sock.*running process/);
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
});

test('a state directory that cannot be made, or that others can look into, stops the start with what to do', (t) => {
  const folder = temporaryDirectory(t);
  writeFileSync(path.join(folder, 'a-file'), '');
  mkdirSync(path.join(folder, 'open'));
  chmodSync(path.join(folder, 'open'), 0o750);
  const refusals: [stateDir: string, message: RegExp][] = [
    [
      'FOLDER/a-file/state',
      /not started error="Cannot use state directory .*a-file\/state.*: not a directory"/,
    ],
    // Nobody can make a folder there, root neither.
    ['/proc/state', /Cannot use state directory ..\/proc\/state.*: no such file or directory"/],
    ['FOLDER/open', /Cannot use state directory .*open.*: mode 0750 lets others in .*run chmod 0700 on it/],
  ];
  for (const [state_dir, wanted] of refusals) {
    const { code, message } = refused(folder, { state_dir });
    assert.equal(code, 1);
    assert.match(message, wanted);
  }
  assert.deepEqual(readdirSync(folder).sort(), ['a-file', 'open', 'refused.yaml']);
  assert.deepEqual(readdirSync(path.join(folder, 'open')), []);
});

test('the socket file of a daemon that was killed is replaced', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  await daemon.kill();
  assert.ok(existsSync(daemon.socketPath));
  await daemon.run();
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
});

test('a network peer that is not there yet does not stop the start', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: {
      'file/': fileDevice,
      'siem/': { type: 'socket', options: { address: 'FOLDER/nobody.sock', socket_type: 'unix' } },
    },
  });
  const ready = JSON.parse((await daemon.get('/readyz')).body) as {
    ready: boolean;
    devices: { path: string; state: string }[];
  };
  assert.equal(ready.ready, true);
  assert.equal(ready.devices.find((device) => device.path === 'siem/')?.state, 'failing');
});
