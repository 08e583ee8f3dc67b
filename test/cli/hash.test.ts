import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Salts } from '../../daemon/state/salts.ts';
import { openStateDirectory } from '../../daemon/state/state-directory.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { runCommand } from './command.ts';

function expected(salt: string, value: string | Buffer): string {
  return `hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`;
}

test('a value is hashed with the salt that the daemon keeps for the device', async (t) => {
  const cwd = temporaryDirectory(t);
  const state = await openStateDirectory(path.join(cwd, 'var/state'));
  t.after(() => state.release());
  const salt = (await new Salts(state).obtain('file/', null, assert.fail)).bytes.toString();
  // The embedded default, beside a running daemon: the state directory is locked.
  const { code, stdout, stderr } = await runCommand(t, ['hash', '--device', 'file'], {
    cwd,
    input: 'päss\n',
  });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `${expected(salt, 'päss')}\n`);
  const json = await runCommand(t, ['hash', '-d', 'file/', '--json'], { cwd, input: 'x' });
  assert.deepEqual(JSON.parse(json.stdout), { device: 'file/', hash: expected(salt, 'x') });
});

test('one newline at the end is not part of the value, unless it is asked for', async (t) => {
  const cwd = temporaryDirectory(t);
  writeFileSync(path.join(cwd, 'salt'), 'the salt\n', { mode: 0o600 });
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    'devices: {a: {type: file, salt_file: ./salt, options: {file_path: ./x}}}\n',
  );
  const hash = (input: string, ...more: string[]): Promise<string> =>
    runCommand(t, ['hash', '-d', 'a', '-c', 'c.yaml', ...more], { cwd, input }).then(({ stdout }) =>
      stdout.trimEnd(),
    );
  assert.equal(await hash('v'), expected('the salt', 'v'));
  assert.equal(await hash('v\n'), expected('the salt', 'v'));
  assert.equal(await hash('v\n\n'), expected('the salt', 'v\n'));
  assert.equal(await hash('v\n', '--raw'), expected('the salt', 'v\n'));
  assert.equal(await hash(''), expected('the salt', ''));
});

test('a value in the arguments is refused and not repeated', async (t) => {
  for (const words of [
    ['s3cret'],
    ['--device', 'a', 's3cret'],
    ['-d', 'a', '--s3cret'],
    ['-d', 'a', '--value=s3cret'],
    ['--', 's3cret'],
  ]) {
    const { code, stdout, stderr } = await runCommand(t, ['hash', ...words]);
    assert.equal(code, 2, words.join(' '));
    assert.equal(stdout, '');
    assert.ok(!stderr.includes('s3cret'), stderr);
  }
  const { stderr } = await runCommand(t, ['hash', '-d', 'a', 's3cret']);
  assert.match(
    stderr,
    /takes the value from standard input, not as an argument: other users can read the arguments/,
  );
});

test('without a salt, or with input that no record can hold, it fails with the reason', async (t) => {
  const cwd = temporaryDirectory(t);
  const unknown = await runCommand(t, ['hash', '-d', 'nope'], { cwd, input: 'x' });
  assert.equal(unknown.code, 1);
  assert.match(
    unknown.stderr,
    /^audit-sidecar: Cannot hash for device "nope\/": no salt of it in state directory ".\/var\/state"; /,
  );
  writeFileSync(path.join(cwd, 'salt'), 'the salt', { mode: 0o600 });
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    'devices: {a: {type: file, salt_file: ./salt, options: {file_path: x}}}\n',
  );
  const bytes = await runCommand(t, ['hash', '-d', 'a', '-c', 'c.yaml'], {
    cwd,
    input: Uint8Array.of(0x73, 0xff),
  });
  assert.deepEqual(bytes, {
    code: 1,
    stdout: '',
    stderr: 'audit-sidecar: Cannot hash standard input: it is not UTF-8 text\n',
  });
  const noFile = await runCommand(t, ['hash', '-d', 'a', '-c', 'none.yaml'], { cwd, input: 'x' });
  assert.equal(noFile.code, 2);
});
