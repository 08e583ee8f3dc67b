import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { runCommand } from './command.ts';

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
  assert.match(up.stdout, /^ready\n\nDEVICE .*\nfile\/ {3}file {2}config {4}ok /);
  assert.equal(await daemon.stop(), 0);
  const down = await runCommand(t, ['status', '--socket', socket]);
  assert.equal(down.code, 1);
  assert.match(down.stderr, /is the daemon running\?\n$/);
});
