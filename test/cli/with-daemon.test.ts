import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Ended, runCommand } from './command.ts';

const token = 's.aTokenOfNobody';

test('what send hands to a daemon is in its log under the value that hash prints', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  const good = JSON.stringify({ type: 'request', auth: { client_token: token }, request: { id: '1' } });
  const sent = await runCommand(t, ['send', '-', '--json', '--socket', daemon.socketPath], {
    input: `${good}\r\n\r\n{"broken":\n${good}`,
  });
  assert.equal(sent.code, 1);
  const summary = JSON.parse(sent.stdout) as Record<string, unknown>;
  assert.deepEqual([summary['sent'], summary['ok'], summary['refused']], [3, 2, { invalid_record: 1 }]);
  assert.match(sent.stderr, /^line 3: invalid_record: /);

  const hash = await runCommand(t, ['hash', '--device', 'file', '--config', daemon.configFile], {
    input: `${token}\n`,
  });
  assert.equal(hash.code, 0, hash.stderr);
  const tokens = daemon.lines('audit.log').map((line) => JSON.parse(line).auth.client_token as string);
  assert.deepEqual(tokens, [hash.stdout.trimEnd(), hash.stdout.trimEnd()]);
});

test('status says what a daemon says, and that it is gone after its end', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  const socket = path.join(daemon.folder, 'metrics.sock');
  const up = await runCommand(t, ['status', '--socket', socket]);
  assert.equal(up.code, 0, up.stderr);
  assert.match(up.stdout, /^ready\nasked ".*metrics\.sock"\n\nDEVICE .*\nfile\/ {3}file {2}config {4}ok /);
  assert.equal(await daemon.stop(), 0);
  const down = await runCommand(t, ['status', '--socket', socket]);
  assert.equal(down.code, 1);
  assert.match(down.stderr, /is the daemon running\?\n$/);
});

test('hash asks the daemon where its socket is in the usual place, and reads the salt where none is', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    state_dir: 'FOLDER/var/state',
    admin: { path: 'FOLDER/var/admin.sock' },
    devices: { 'file/': fileDevice },
  });
  const hash = (input: string, ...words: string[]): Promise<Ended> =>
    runCommand(t, ['hash', '--device', 'file', ...words], { cwd: daemon.folder, input });
  const offline = ['--config', daemon.configFile];
  for (const value of ['s.äbc\n', '12', '1e3', 'true', '"', '\u0000']) {
    const asked = await hash(value);
    assert.equal(asked.code, 0, asked.stderr);
    assert.deepEqual(asked, await hash(value, ...offline), JSON.stringify(value));
  }
  const json = await hash('12', '--json', '--socket', path.join(daemon.folder, 'var/admin.sock'));
  const plain = await hash('12');
  assert.deepEqual(JSON.parse(json.stdout), { device: 'file/', hash: plain.stdout.trimEnd() });

  const misspelt = await runCommand(t, ['hash', '-d', 'fiel'], { cwd: daemon.folder, input: 's3cret' });
  assert.equal(misspelt.code, 1);
  assert.match(misspelt.stderr, /: Cannot find device "fiel\/": did you mean "file\/"\?\n$/);
  assert.equal((await hash('x', ...offline, '--socket', 'x')).code, 2);

  assert.equal(await daemon.stop(), 0);
  assert.deepEqual(await hash('12'), plain);
});

test('status finds the admin socket in the usual place', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    admin: { path: 'FOLDER/var/admin.sock' },
    devices: {},
  });
  const { code, stdout } = await runCommand(t, ['status'], { cwd: daemon.folder });
  assert.equal(code, 1);
  assert.equal(stdout, 'not ready: no device is enabled\nasked "./var/admin.sock"\nno devices\n');
});
