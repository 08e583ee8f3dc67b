import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Ended, runCommand } from './command.ts';

async function startDaemon(t: TestContext): Promise<DaemonProcess> {
  return DaemonProcess.start(t, temporaryDirectory(t), {
    admin: {
      path: 'FOLDER/var/admin.sock',
      file_roots: ['FOLDER'],
      allow_prefix: true,
    },
    devices: { 'file/': { ...fileDevice, description: 'local copy' } },
  });
}

/** Runs `audit-sidecar device …` where the daemon's socket is in the usual place. */
function device(
  t: TestContext,
  daemon: DaemonProcess,
  words: readonly string[],
  input: string | Uint8Array = '',
): Promise<Ended> {
  return runCommand(t, ['device', ...words], { cwd: daemon.folder, input });
}

function refused(message: RegExp, code: number): (ended: Ended) => void {
  return (ended) => {
    assert.equal(ended.code, code, ended.stderr);
    assert.equal(ended.stdout, '');
    assert.match(ended.stderr, message);
    assert.doesNotMatch(ended.stderr, /s3cret/);
  };
}

test('a device enabled in the words of bao records from then on, also after a restart, until it is disabled', async (t) => {
  const daemon = await startDaemon(t);
  const file = path.join(daemon.folder, 'second.log');
  const enabled = await device(t, daemon, [
    'enable',
    'file',
    `file_path=${file}`,
    'mode=0640',
    'prefix=a=b: ',
    '--path',
    'site/second',
    '--description',
    'for the auditor',
    '--local',
  ]);
  assert.deepEqual(enabled, {
    code: 0,
    stdout: 'Device "site/second/" of type "file" is enabled\n',
    stderr: '',
  });
  assert.equal(await daemon.stop(), 0);
  await daemon.run();

  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
  const lines = daemon.lines('second.log');
  assert.ok(lines.every((line) => line.startsWith('a=b: {')));
  assert.deepEqual(recordNumbers(lines.slice(1)), [1]);

  const listed = await device(t, daemon, ['list', '--json']);
  const options = { file_path: file, mode: '0640', prefix: 'a=b: ' };
  assert.deepEqual(JSON.parse(listed.stdout), [
    {
      path: 'file/',
      type: 'file',
      description: 'local copy',
      local: false,
      options: { file_path: path.join(daemon.folder, 'audit.log') },
      state: 'ok',
      declared: 'config',
    },
    {
      path: 'site/second/',
      type: 'file',
      description: 'for the auditor',
      local: true,
      options,
      state: 'ok',
      declared: 'api',
    },
  ]);
  const detailed = await device(t, daemon, ['list', '--detailed']);
  assert.match(detailed.stdout, /^PATH {10}TYPE {2}STATE {2}DECLARED {2}DESCRIPTION {6}LOCAL {2}OPTIONS\n/);
  assert.match(
    detailed.stdout,
    /^site\/second\/ {2}file {2}ok {5}api {7}for the auditor {2}yes {4}file_path=/m,
  );
  const shown = JSON.parse((await device(t, daemon, ['show', 'site/second', '--json'])).stdout);
  assert.deepEqual(
    [shown.path, shown.options, shown.declared, shown.state, shown.queue_records, shown.last_error],
    ['site/second/', options, 'api', 'ok', 0, null],
  );

  const disabled = await device(t, daemon, ['disable', 'site/second/']);
  assert.deepEqual(disabled, { code: 0, stdout: 'Device "site/second/" is disabled\n', stderr: '' });
  client.send(numberedRecord(2));
  assert.deepEqual((await client.replied(2)).at(-1), { ok: true });
  assert.deepEqual(recordNumbers(daemon.lines('second.log').slice(1)), [1]);
  assert.equal(JSON.parse((await device(t, daemon, ['list', '--json'])).stdout).length, 1);
});

test('an option is read from a file, from standard input, or begins with an at sign', async (t) => {
  const daemon = await startDaemon(t);
  writeFileSync(path.join(daemon.folder, 'place'), `${daemon.folder}/from-file.log\n`);
  const enable = (input: string, ...words: string[]): Promise<Ended> =>
    device(t, daemon, ['enable', 'file', ...words], input);
  const options = async (name: string): Promise<unknown> =>
    JSON.parse((await device(t, daemon, ['show', name, '--json'])).stdout).options;

  const file = await enable('from input \n', '--path', 'a', 'file_path=@place', 'prefix=-');
  assert.equal(file.code, 0, file.stderr);
  assert.deepEqual(await options('a'), {
    file_path: `${daemon.folder}/from-file.log`,
    prefix: 'from input ',
  });
  const at = await enable('', '--path', 'b', `file_path=${daemon.folder}/b.log`, 'prefix=\\@cee: ');
  assert.equal(at.code, 0, at.stderr);
  assert.deepEqual(await options('b'), { file_path: `${daemon.folder}/b.log`, prefix: '@cee: ' });
});

test('options that cannot be used are refused before anything is asked, and no value is repeated', async (t) => {
  const cwd = temporaryDirectory(t);
  writeFileSync(path.join(cwd, 'bytes'), Uint8Array.of(0xff));
  const cases: [string[], RegExp, number][] = [
    [['headers=a', 's3cret'], /: Cannot use option 2 behind the type: wanted key=value\n$/, 2],
    [['=s3cret'], /: Cannot use option 1 behind the type: wanted key=value\n$/, 2],
    [['a=s3cret', 'a=s3cret'], /: Cannot use option "a" twice\n$/, 2],
    [['a=-', 'b=-'], /: Cannot read option "b" from standard input: option "a" takes all of it\n$/, 2],
    [['a=@none'], /: Cannot read option "a" from file "none": no such file\n$/, 1],
    [['a=@bytes'], /: Cannot read option "a" from file "bytes": it is not UTF-8 text\n$/, 1],
    [
      ['--path', 'a//b'],
      /: Cannot enable a device at path "a\/\/b": wanted one such as file\/ or site\/siem\/\n$/,
      2,
    ],
    [['--headers=s3cret'], /: Unknown argument: headers\n$/, 2],
  ];
  for (const [words, message, code] of cases) {
    refused(message, code)(await runCommand(t, ['device', 'enable', 'http', ...words], { cwd, input: '' }));
  }
});

test('what the daemon refuses is printed in its own words, and changes nothing', async (t) => {
  const daemon = await startDaemon(t);
  const cases: [string[], RegExp][] = [
    [['enable', 'file', `file_path=${daemon.folder}/x.log`], /: path already in use\n$/],
    [
      ['enable', 'nothing'],
      /: unknown backend type: "nothing": there is "file", "socket", "syslog", "http"\n$/,
    ],
    [['enable', 'fil'], /: unknown backend type: "fil": did you mean "file"\?\n$/],
    // Also where the path is taken, and where what was meant is missing.
    [
      ['enable', 'file', 'file_pth=x'],
      /^audit-sidecar: Unknown option "file_pth": did you mean "file_path"\? .*; file_path is required\n$/,
    ],
    [
      ['enable', 'file', '--path', 'x', 'file_path=/etc/x'],
      /: Cannot use option "file_path" through the API: /,
    ],
    [
      ['disable', 'file'],
      /: device "file\/" is declared in the configuration file: remove it there and reload\n$/,
    ],
    [['disable', 'fiel'], /: Cannot find device "fiel\/": did you mean "file\/"\?\n$/],
    [['show', 'something/else'], /: Cannot find device "something\/else\/": there is "file\/"\n$/],
  ];
  for (const [words, message] of cases) refused(message, 1)(await device(t, daemon, words));
  assert.equal(JSON.parse((await device(t, daemon, ['list', '--json'])).stdout).length, 1);
  assert.ok(!existsSync(path.join(daemon.folder, 'x.log')));
});

test('a device that cannot record is shown with its last error', async (t) => {
  const daemon = await startDaemon(t);
  const closed = path.join(daemon.folder, 'nobody.sock');
  const words = ['enable', 'socket', `address=${closed}`, 'socket_type=unix', '--path', 'siem'];
  refused(/: audit device failed the test record: /, 1)(await device(t, daemon, words));
  const untested = await device(t, daemon, [...words, 'skip_test=true']);
  assert.equal(untested.code, 0, untested.stderr);
  const { stdout } = await device(t, daemon, ['show', 'siem']);
  assert.match(
    stdout,
    /^declared {5}through the API\nstate {8}failing since \d{4}-.*\nlast error {3}\d+\w+ ago, /m,
  );
  assert.match((await device(t, daemon, ['list'])).stdout, /^siem\/ {2}socket {2}failing {2}api {7}-$/m);
});

test('a daemon that cannot be reached is named, with what to do', async (t) => {
  const cwd = temporaryDirectory(t);
  mkdirSync(path.join(cwd, 'var'));
  const list = (...words: string[]): Promise<Ended> => runCommand(t, ['device', 'list', ...words], { cwd });
  refused(
    /^audit-sidecar: Cannot reach the daemon at "none.sock": there is no such socket; is the daemon running\? /,
    1,
  )(await list('--socket', 'none.sock'));
  writeFileSync(path.join(cwd, 'var/admin.sock'), '');
  refused(/ at "\.\/var\/admin\.sock": nobody listens there; is the daemon running\?\n$/, 1)(await list());
});

test('a socket that this user may not open is told so', { skip: notPrivileged() }, async (t) => {
  const folder = temporaryDirectory(t);
  const socket = path.join(folder, 'admin.sock');
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  chmodSync(socket, 0o000);
  const ended = await runCommand(t, ['device', 'list', '--socket', socket], {
    // Root without its privileges is a user like any other.
    through: process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [],
  });
  refused(/admin\.sock": permission denied; run it as root or as the daemon's user\n$/, 1)(ended);
});

function notPrivileged(): string | false {
  if (process.getuid?.() !== 0 || existsSync('/usr/bin/setpriv')) return false;
  return 'install util-linux';
}
