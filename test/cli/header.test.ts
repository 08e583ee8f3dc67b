import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Ended, runCommand } from './command.ts';

const record = JSON.stringify({
  type: 'request',
  request: {
    id: '1',
    mount_point: 'secret/',
    headers: { 'User-Agent': ['curl'], 'X-Site': ['vienna'], authorization: ['s3cret'] },
    data: { cas: 'three', password: 's3cret' },
  },
});

test('headers that are set and keys that are tuned stand in the next record as the commands said', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    admin: { path: 'FOLDER/var/admin.sock' },
    devices: { 'file/': fileDevice },
    audited_headers: { 'x-declared': {} },
  });
  const run = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand(t, words, { cwd: daemon.folder });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.equal(await run('header', 'set', 'User-Agent'), 'Header "user-agent" is written, readable\n');
  assert.equal(await run('header', 'set', 'X-Site', '--hmac'), 'Header "x-site" is written, hashed\n');
  assert.deepEqual(JSON.parse(await run('header', 'list', '--json')), {
    'user-agent': { hmac: false },
    'x-declared': { hmac: true },
    'x-site': { hmac: true },
  });
  const tuned = await run('tune', 'secret', '--request-keys', 'cas,other', '--response-keys', 'version');
  assert.equal(tuned, 'mount          secret/\nrequest keys   cas, other\nresponse keys  version\n');

  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(record);
  await client.replied(1);
  const { request } = JSON.parse(daemon.lines('audit.log').at(-1)!);
  assert.deepEqual(request.headers['user-agent'], ['curl']);
  assert.match(request.headers['x-site'][0], /^hmac-sha256:/);
  assert.equal(request.headers.authorization, undefined);
  assert.equal(request.data.cas, 'three');
  assert.match(request.data.password, /^hmac-sha256:/);

  assert.equal(await run('header', 'unset', 'x-site'), 'Header "x-site" is no longer written\n');
  assert.match(
    await run('header', 'list'),
    /^HEADER {6}VALUES\nuser-agent {2}readable\nx-declared {2}hashed\n$/,
  );

  // A list that is left out stays; an empty one is a list, too.
  assert.match(
    await run('tune', 'secret/', '--request-keys', ''),
    /^request keys {3}-\nresponse keys {2}version$/m,
  );
  assert.deepEqual(JSON.parse(await run('tune', 'token', '--auth', '--response-keys', 'ttl', '--json')), {
    audit_non_hmac_request_keys: [],
    audit_non_hmac_response_keys: ['ttl'],
  });
  const inNamespace = await run('tune', 'secret', '--namespace', '/ns1', '--request-keys', 'note');
  assert.equal(inNamespace, 'mount          ns1/secret/\nrequest keys   note\nresponse keys  -\n');
  assert.match(await run('tune', 'ns1/secret'), /^mount {10}ns1\/secret\/\nrequest keys {3}note\n/);
  assert.match(await run('tune', 'auth/token'), /^mount {10}auth\/token\/\n.*\nresponse keys {2}ttl\n$/);

  const refused = async (message: RegExp, ...words: string[]): Promise<Ended> => {
    const ended = await runCommand(t, words, { cwd: daemon.folder });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, message);
    return ended;
  };
  await refused(
    /: Cannot find header "user-agnet": did you mean "user-agent"\?\n$/,
    'header',
    'unset',
    'User-Agnet',
  );
  await refused(
    /: header "x-declared" is declared in the configuration file: /,
    'header',
    'unset',
    'x-declared',
  );
  await refused(
    /: header "x-declared" is declared in the configuration file: change "audited_headers\.x-declared" in ".*config\.yaml"/,
    'header',
    'set',
    'x-declared',
    '--no-hmac',
  );
  await refused(/: invalid header name "a b"\n$/, 'header', 'set', 'a b');
  await refused(
    /: Cannot use mount "a\/\/b": wanted one such as secret\/ or auth\/token\/\n$/,
    'tune',
    'a//b',
  );
});

test('a switch takes what Go takes for true and false, and nothing else', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    admin: { path: 'FOLDER/var/admin.sock' },
    devices: { 'file/': fileDevice },
  });
  const set = (word: string): Promise<Ended> =>
    runCommand(t, ['header', 'set', 'x-secret', word], { cwd: daemon.folder });
  for (const word of ['--hmac=true', '--hmac=1', '--hmac=TRUE']) {
    assert.equal((await set(word)).stdout, 'Header "x-secret" is written, hashed\n', word);
  }
  const refused = await set('--hmac=yes');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--hmac.*true or false/);
});
