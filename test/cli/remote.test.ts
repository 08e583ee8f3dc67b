import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCertificate, opensslMissing } from '../devices/peers/certificates.ts';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Ended, runCommand } from './command.ts';

/** A daemon with its admin API on TCP, where a token from `token new` is asked for. */
async function startRemote(
  t: TestContext,
  folder: string,
  tls: { cert: string; key: string } | null,
): Promise<{ daemon: DaemonProcess; port: string; tokenFile: string; token: string }> {
  const tokenFile = path.join(folder, 'tokens');
  const { stdout } = await runCommand(t, ['token', 'new', tokenFile, '--print']);
  const daemon = await DaemonProcess.start(t, folder, {
    admin: {
      path: 'FOLDER/admin.sock',
      tcp: { address: '127.0.0.1:0', token_file: tokenFile, tls },
    },
    devices: { 'file/': fileDevice },
  });
  const port = /admin address="?127\.0\.0\.1:(\d+)/.exec(daemon.log)?.[1];
  assert.ok(port !== undefined, daemon.log);
  return { daemon, port, tokenFile, token: stdout.trimEnd() };
}

test('over TCP a token from a file or the environment is shown, and a rotation leaves no gap', async (t) => {
  const { daemon, port, tokenFile, token } = await startRemote(t, temporaryDirectory(t), null);
  const address = ['--address', `http://127.0.0.1:${port}`];
  const list = (words: string[], shown = ''): Promise<Ended> =>
    runCommand(t, ['device', 'list', ...address, ...words], { env: { AUDIT_SIDECAR_TOKEN: shown } });
  const ok = async (words: string[], shown?: string): Promise<void> => {
    const { code, stdout, stderr } = await list(words, shown);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^file\/ {2}file {2}ok {5}config {4}-$/m);
  };
  await ok(['--token-file', tokenFile]);
  await ok([], token);
  const hash = await runCommand(t, ['hash', '-d', 'file', ...address, '--token-file', tokenFile], {
    input: '1',
  });
  const local = await runCommand(t, ['hash', '-d', 'file', '-c', daemon.configFile], { input: '1' });
  assert.equal(hash.stdout, local.stdout);

  const wrong = await list([], `${token}x`);
  assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
  assert.match(
    wrong.stderr,
    /^audit-sidecar: permission denied; show a token that stands in the file "admin\.tcp/,
  );
  assert.ok(!wrong.stderr.includes(token));

  const next = (await runCommand(t, ['token', 'new', tokenFile, '--append', '--print'])).stdout.trimEnd();
  await ok(['--token-file', tokenFile]);
  assert.equal((await list([], next)).code, 1);
  const before = daemon.log.length;
  daemon.signal('SIGHUP');
  await waitFor('the reload is over', () => daemon.log.slice(before).includes('reloaded'));
  await ok([], token);
  await ok([], next);
  for (const secret of [token, next]) assert.ok(!daemon.log.includes(secret));
});

test('a certificate has to be signed by a known authority or by that of --ca-cert', {
  skip: opensslMissing,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const { certFile, keyFile } = makeCertificate(folder, 'server', 'IP:127.0.0.1');
  chmodSync(keyFile, 0o600);
  const other = makeCertificate(folder, 'other', 'IP:127.0.0.1');
  const { port, tokenFile } = await startRemote(t, folder, { cert: certFile, key: keyFile });
  const list = (...words: string[]): Promise<Ended> =>
    runCommand(t, [
      'device',
      'list',
      '--address',
      `https://127.0.0.1:${port}`,
      '--token-file',
      tokenFile,
      ...words,
    ]);
  const good = await list('--ca-cert', certFile);
  assert.equal(good.code, 0, good.stderr);
  for (const words of [[], ['--ca-cert', other.certFile]]) {
    const { code, stderr } = await list(...words);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /": no known authority signed its certificate; name the one that did with --ca-cert\n$/,
    );
  }
  const none = await list('--ca-cert', path.join(folder, 'none'));
  assert.match(none.stderr, /: Cannot read CA certificate file ".*none": no such file\n$/);
  const key = await list('--ca-cert', keyFile);
  assert.match(key.stderr, /: Cannot use CA certificate file ".*": it holds no certificate in PEM\n$/);
});

test('what would give the token away, or cannot be a token, is refused before anything is sent', async (t) => {
  const cwd = temporaryDirectory(t);
  for (const [name, text, mode] of [
    ['open', 'a-s3cret-token-of-length', 0o644],
    ['empty', '# none\n', 0o600],
    ['binary', 's3cret\u00e9-of-sufficient-length', 0o600],
  ] as const) {
    writeFileSync(path.join(cwd, name), text, { mode });
    chmodSync(path.join(cwd, name), mode);
  }
  const local = ['--address', 'http://127.0.0.1:1'];
  const cases: [string[], RegExp, number][] = [
    [['--address', 'http://10.0.0.1:8218'], /the token would cross the network in the clear/, 2],
    [['--address', 'ftp://127.0.0.1'], /wanted http:\/\/host:port or https:\/\/host:port/, 2],
    [['--address', 'https://user:s3cret@127.0.0.1'], /wanted http:\/\/host:port or https:\/\/host:port/, 2],
    [['--address', 'https://127.0.0.1/v1?t=s3cret'], /wanted nothing behind the port/, 2],
    [[...local, '--socket', 's'], /wanted --socket or --address, not both/, 2],
    [[...local, '--ca-cert', 'x'], /--ca-cert is only for an https:\/\/ address/, 2],
    [['--token-file', 'x'], /--token-file is only for --address/, 2],
    [local, /it asks for a token; put one in \$AUDIT_SIDECAR_TOKEN, or its file behind --token-file/, 2],
    [[...local, '--token-file', 'open'], /mode 0644 gives it to others/, 1],
    [[...local, '--token-file', 'empty'], /Cannot use token file "empty": it has no token/, 2],
    [[...local, '--token-file', 'binary'], /it has other characters than visible ASCII/, 2],
    [[...local, '--token-file', 'none'], /Cannot read token file "none": no such file or directory/, 1],
  ];
  for (const [words, message, code] of cases) {
    const ended = await runCommand(t, ['device', 'list', ...words], {
      cwd,
      env: { AUDIT_SIDECAR_TOKEN: '' },
    });
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, message);
    assert.doesNotMatch(ended.stderr, /s3cret/);
  }
});
