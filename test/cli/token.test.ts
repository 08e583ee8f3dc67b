import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { AdminTokens } from '../../daemon/admin/authorization.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Ended, runCommand } from './command.ts';

test('a new token is in a file that only its owner reads, and nowhere else unless it is asked for', async (t) => {
  const cwd = temporaryDirectory(t);
  const make = (...words: string[]): Promise<Ended> => runCommand(t, ['token', 'new', ...words], { cwd });
  const file = path.join(cwd, 'tokens');
  const made = await make('tokens');
  assert.equal(made.code, 0, made.stderr);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const [comment, token] = readFileSync(file, 'utf8').split('\n');
  assert.match(comment!, /^# made \d{4}-\d\d-\d\dT/);
  assert.match(token!, /^as\.[\w-]{43}$/);
  assert.equal(made.stdout, '');
  assert.ok(!made.stderr.includes(token!));
  assert.ok(made.stderr.includes(`token_file: "${file}"`), made.stderr);
  const tokens = await AdminTokens.read(file);
  assert.ok(tokens.allow({ 'x-vault-token': token! }));

  const again = await make('tokens');
  assert.equal(again.code, 1);
  assert.match(
    again.stderr,
    /: Cannot make token file "tokens": it exists already; --append adds a token to it\n$/,
  );
  const printed = await make('other', '--print');
  assert.equal(readFileSync(path.join(cwd, 'other'), 'utf8').split('\n')[1], printed.stdout.trimEnd());
  assert.notEqual(printed.stdout.trimEnd(), token);
  const nowhere = await make('none/tokens');
  assert.deepEqual(
    [nowhere.code, nowhere.stderr],
    [1, 'audit-sidecar: Cannot make token file "none/tokens": no such file or directory\n'],
  );
});

test('an appended token stands behind those that were there, and the file keeps its mode and its links', async (t) => {
  const cwd = temporaryDirectory(t);
  const file = path.join(cwd, 'tokens');
  const old = 'an-old-token-without-newline';
  writeFileSync(file, `# of the daemon\n${old}`, { mode: 0o640 });
  symlinkSync('tokens', path.join(cwd, 'link'));
  const append = (name: string): Promise<Ended> =>
    runCommand(t, ['token', 'new', name, '--append', '--print'], { cwd });
  const { code, stdout, stderr } = await append('link');
  assert.equal(code, 0, stderr);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(cwd).sort(), ['link', 'tokens']);
  assert.match(readFileSync(file, 'utf8'), new RegExp(`^# of the daemon\\n${old}\\n# made .*\\nas\\..*\\n$`));
  const tokens = await AdminTokens.read(file);
  for (const token of [old, stdout.trimEnd()]) assert.ok(tokens.allow({ 'x-vault-token': token }));

  chmodSync(file, 0o644);
  const open = await append('tokens');
  assert.equal(open.code, 1);
  assert.match(open.stderr, /mode 0644 gives it to others; run chmod 0640 on it\n$/);
  chmodSync(file, 0o600);
  assert.ok((await AdminTokens.read(file)).allow({ 'x-vault-token': old }));
  assert.equal((await append('new')).code, 0);
  assert.equal(statSync(path.join(cwd, 'new')).mode & 0o777, 0o600);
});
