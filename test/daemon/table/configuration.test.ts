// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax under test
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, linkSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ConfigRefused } from '../../../config/problem.ts';
import { loadConfiguration } from '../../../daemon/table/configuration.ts';
import { command } from '../../support/daemon-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** What a file with these devices, a line each, is refused with: `LINE KEY: message`; the folder is `FOLDER`. */
async function problemsOf(folder: string, lines: string[], more = ''): Promise<string[]> {
  const text = [
    'state_dir: FOLDER/state',
    'listeners: [{path: FOLDER/ingest.sock}, {http: "127.0.0.1:8217"}, {http: {path: FOLDER/http.sock}}]',
    `admin: {path: FOLDER/admin.sock${more}}`,
    'metrics: {listen: FOLDER/metrics.sock}',
    'devices:',
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
  const file = path.join(folder, 'c.yaml');
  writeFileSync(file, text.replaceAll('FOLDER', folder));
  try {
    await loadConfiguration(file);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigRefused, String(error));
    return error.problems.map(({ line, key, message }) =>
      `${line - 5} ${key}: ${message}`.replaceAll(folder, 'FOLDER'),
    );
  }
}

const file = (name: string, at: string): string => `${name}: {type: file, options: {file_path: ${at}}}`;
const socket = (name: string, at: string): string =>
  `${name}: {type: socket, options: {address: ${at}, socket_type: unix}}`;

test('two devices do not share a file, by whatever name', async (t) => {
  const folder = temporaryDirectory(t);
  writeFileSync(path.join(folder, 'a.log'), '');
  mkdirSync(path.join(folder, 'sub'));
  symlinkSync('a.log', path.join(folder, 'link.log'));
  symlinkSync('new.log', path.join(folder, 'dangling.log'));
  symlinkSync(folder, path.join(folder, 'here'));
  linkSync(path.join(folder, 'a.log'), path.join(folder, 'hard.log'));
  const shared = (at: string): string => `file "${at}" is that of device "a/"`;
  for (const [one, other, message] of [
    ['FOLDER/a.log', 'FOLDER/a.log', shared('FOLDER/a.log')],
    ['FOLDER/a.log', 'FOLDER/sub/../a.log', shared('FOLDER/a.log')],
    ['FOLDER/a.log', 'FOLDER/link.log', shared('FOLDER/link.log')],
    ['FOLDER/a.log', 'FOLDER/here/a.log', shared('FOLDER/here/a.log')],
    ['FOLDER/a.log', 'FOLDER/hard.log', shared('FOLDER/hard.log')],
    ['FOLDER/new.log', 'FOLDER/dangling.log', shared('FOLDER/dangling.log')],
    [
      'FOLDER/a.log',
      'FOLDER/a.log.1',
      'file "FOLDER/a.log.1" has a name that a rotation gives to file "FOLDER/a.log" of device "a/"',
    ],
    [
      'FOLDER/here/a.log-20261127.gz',
      'FOLDER/a.log',
      'a rotation of file "FOLDER/a.log" gives it the name of file "FOLDER/here/a.log-20261127.gz" of device "a/"',
    ],
    [
      'FOLDER/link.log',
      'FOLDER/link.log.1',
      'file "FOLDER/link.log.1" has a name that a rotation gives to file "FOLDER/link.log" of device "a/"',
    ],
    [
      'FOLDER/link.log',
      'FOLDER/a.log.1',
      'file "FOLDER/a.log.1" has a name that a rotation gives to file "FOLDER/link.log" of device "a/"',
    ],
    ['stdout', 'STDOUT', 'the standard output is that of device "a/"'],
  ] as const) {
    assert.deepEqual(
      await problemsOf(folder, [file('a', one), file('other', 'FOLDER/other.log'), file('b', other)]),
      [`3 devices.b/.options.file_path: ${message}`],
      other,
    );
  }
  const apart = ['FOLDER/a.log', 'FOLDER/b.log', 'FOLDER/sub/a.log', 'FOLDER/sub/b.log.1', 'FOLDER/a.log.x'];
  assert.deepEqual(
    await problemsOf(
      folder,
      apart.map((at, index) => file(`d${index}`, at)),
    ),
    [],
  );
  assert.deepEqual(await problemsOf(folder, [file('a', 'discard'), file('b', 'discard')]), []);
});

test('no device writes to what is the daemon’s own', async (t) => {
  const folder = temporaryDirectory(t);
  for (const name of ['tokens', 'cert', 'key', 'salt']) writeFileSync(path.join(folder, name), '');
  linkSync(path.join(folder, 'key'), path.join(folder, 'hard-key'));
  mkdirSync(path.join(folder, 'state'));
  symlinkSync('state', path.join(folder, 'elsewhere'));
  const tcp =
    ', tcp: {address: "127.0.0.1:0", token_file: FOLDER/tokens, tls: {cert: FOLDER/cert, key: FOLDER/key}}';
  const salted = 's: {type: file, salt_file: FOLDER/salt, options: {file_path: discard}}';
  for (const [at, what] of [
    ['FOLDER/c.yaml', 'is the configuration file'],
    ['FOLDER/tokens', 'is the token file'],
    ['FOLDER/cert', 'is the certificate of the admin API'],
    ['FOLDER/hard-key', 'is the key of the admin API'],
    ['FOLDER/salt', 'is the salt file of device "s/"'],
    ['FOLDER/state/table.json', 'lies in the state directory'],
    ['FOLDER/elsewhere/salts/x', 'lies in the state directory'],
    ['FOLDER/state', 'lies in the state directory'],
    ['FOLDER/ingest.sock', 'is the socket of a listener for records'],
    ['FOLDER/http.sock', 'is the socket of a listener for records'],
    ['FOLDER/admin.sock', 'is the socket of the admin API'],
    ['FOLDER/metrics.sock', 'is the socket of the metrics'],
  ]) {
    assert.deepEqual(
      await problemsOf(folder, [salted, file('b', at!)], tcp),
      [`2 devices.b/.options.file_path: file "${at}" ${what}`],
      at,
    );
  }
  assert.deepEqual(await problemsOf(folder, [salted, file('b', 'FOLDER/state.log')], tcp), []);
});

test('no device sends to where this daemon listens: each record would make another', async (t) => {
  const folder = temporaryDirectory(t);
  symlinkSync(folder, path.join(folder, 'here'));
  for (const [at, what] of [
    ['FOLDER/ingest.sock', 'a listener for records'],
    ['FOLDER/here/ingest.sock', 'a listener for records'],
    ['FOLDER/http.sock', 'a listener for records'],
    ['FOLDER/admin.sock', 'the admin API'],
    ['FOLDER/metrics.sock', 'the metrics'],
  ]) {
    assert.deepEqual(await problemsOf(folder, [socket('a', at!)]), [
      `1 devices.a/.options.address: socket "${at}" is ${what} of this very daemon`,
    ]);
    const syslog = socket('a', at!).replace('socket,', 'syslog,');
    assert.equal((await problemsOf(folder, [syslog])).length, 1, `${at} by syslog`);
  }
  assert.deepEqual(await problemsOf(folder, [socket('a', 'FOLDER/state/lock/1.sock')]), [
    '1 devices.a/.options.address: socket "FOLDER/state/lock/1.sock" lies in the state directory',
  ]);
  const post = (uri: string): string => `a: {type: http, options: {uri: "${uri}"}}`;
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.0.0.2']) {
    assert.deepEqual(await problemsOf(folder, [post(`http://${host}:8217/v1/records`)]), [
      '1 devices.a/.options.uri: port 8217 is a listener for records of this very daemon: each record would make another one',
    ]);
  }
  for (const uri of ['http://127.0.0.1:8218/', 'http://collector.example:8217/']) {
    assert.deepEqual(await problemsOf(folder, [post(uri)]), []);
  }
  // Several devices may send to one peer.
  const both = [socket('a', 'FOLDER/peer.sock'), socket('b', 'FOLDER/peer.sock')];
  assert.deepEqual(await problemsOf(folder, both), []);
});

test('what is shared is told beside the other problems of the file, and paths that collide once', async (t) => {
  const folder = temporaryDirectory(t);
  const found = await problemsOf(folder, [
    file('a', 'FOLDER/a.log'),
    'b: {type: file, options: {file_path: FOLDER/a.log, mode: "9"}}',
    file('c', 'FOLDER/a.log'),
    file('a/below', 'FOLDER/b.log'),
    file('d', 'FOLDER/a.log'),
  ]);
  assert.deepEqual(
    found.map((each) => each.split(': ')[0]),
    [
      '2 devices.b/.options.file_path',
      '2 devices.b/.options.mode',
      '3 devices.c/.options.file_path',
      '4 devices.a/below/',
      '5 devices.d/.options.file_path',
    ],
  );
});

test('the file that standard output or the log goes to is no other device’s', async (t) => {
  const folder = temporaryDirectory(t);
  const config = path.join(folder, 'c.yaml');
  const [output, log] = ['output', 'log'].map((name) => path.join(folder, name)) as [string, string];
  const check = async (...lines: string[]): Promise<string> => {
    // It cannot be asked for its problems: they go to the very file.
    assert.deepEqual(await problemsOf(folder, lines), []);
    const stdio = [openSync(output, 'w'), openSync(log, 'w')] as const;
    spawnSync(process.execPath, [command, 'check', config], { stdio: ['ignore', ...stdio] });
    for (const descriptor of stdio) closeSync(descriptor);
    return readFileSync(log, 'utf8');
  };
  assert.match(
    await check(file('a', 'stdout'), file('b', 'FOLDER/output')),
    /devices\.b\/.*: file ".*output" is the standard output, which is that of device "a\/"/,
  );
  assert.match(
    await check(file('a', 'FOLDER/output'), file('b', 'stdout')),
    /devices\.b\/.*: the standard output is file ".*output" of device "a\/"/,
  );
  assert.match(
    await check(file('a', 'FOLDER/log')),
    /devices\.a\/.*: file ".*log" is the standard error, where the daemon logs/,
  );
  assert.equal(await check(file('a', 'FOLDER/output'), file('b', 'FOLDER/other')), '');
});

test('a path that comes from a credential is not repeated', async (t) => {
  const folder = temporaryDirectory(t);
  writeFileSync(path.join(folder, 'where'), path.join(folder, 's3cret.log'));
  process.env['CREDENTIALS_DIRECTORY'] = folder;
  t.after(() => delete process.env['CREDENTIALS_DIRECTORY']);
  const hidden = file('a', '"${credential:where}"');
  for (const lines of [
    [hidden, file('b', 'FOLDER/s3cret.log.1')],
    [file('b', 'FOLDER/s3cret.log.1'), hidden],
  ]) {
    const [problem = '', ...more] = await problemsOf(folder, lines);
    assert.match(problem, /Cannot use option "file_path": it leads to what device "[ab]\/" uses already$/);
    assert.deepEqual(more, []);
  }
});

test('more files than a process can have threads for are one problem', async (t) => {
  const folder = temporaryDirectory(t);
  const files = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => file(`d${index}`, `FOLDER/d${index}.log`));
  assert.deepEqual(await problemsOf(folder, files(500)), []);
  assert.deepEqual(
    await problemsOf(folder, [...files(501), 'none: {type: file, options: {file_path: discard}}']),
    ['0 devices: found 501 files that devices write, wanted at most 500: each needs a thread of its own'],
  );
});
