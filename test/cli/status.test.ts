import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { statusText } from '../../cli/status-table.ts';
import type { DeviceReport, ReadinessReport } from '../../daemon/monitoring/health.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { runCommand, startCommand } from './command.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

function device(path: string, more: Partial<DeviceReport> = {}): DeviceReport {
  return {
    path,
    type: 'file',
    declared: 'config',
    state: 'ok',
    since: '2026-01-02T03:01:05Z',
    last_error: null,
    oldest_waiting_seconds: 0,
    queue_records: 0,
    queue_bytes: 0,
    queue_limit_bytes: 64 * 1024 ** 2,
    ...more,
  };
}

const ready: ReadinessReport = { ready: true, reason: null, devices: [device('file/')] };
const broken: ReadinessReport = {
  ready: false,
  reason: 'no device takes records',
  devices: [
    device('file/', { state: 'disabled', since: '2025-12-31T00:00:00Z' }),
    device('site/siem/', {
      type: 'socket',
      declared: 'api',
      state: 'failing',
      last_error: {
        reason: 'refused',
        message: 'nobody listens at "127.0.0.1:6514"\u001b[2J',
        at: '2026-01-02T03:04:00Z',
      },
      oldest_waiting_seconds: 95.5,
      queue_records: 1200,
      queue_bytes: 1_700_000,
    }),
  ],
};

async function answering(
  t: TestContext,
  status: number,
  body: string,
  listen: number | string = 0,
): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/readyz' ? status : 404, { 'content-type': 'application/json' });
    response.end(body);
  });
  if (typeof listen === 'string') server.listen(listen);
  else server.listen(listen, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return typeof listen === 'string' ? 0 : (server.address() as AddressInfo).port;
}

test('the table is aligned, with ages and sizes a person can read', () => {
  assert.equal(
    statusText(broken, 'asked "here"', now, false),
    [
      'not ready: no device takes records, 1 of 2 devices failing',
      'asked "here"',
      '',
      'DEVICE      TYPE    DECLARED  STATE     SINCE  OLDEST  WAITING                 LAST ERROR',
      'file/       file    config    disabled  2d     -       0 (0B of 64MiB)         -',
      'site/siem/  socket  api       failing   3m     1m      1200 (1.6MiB of 64MiB)  5s ago, refused: nobody listens at "127.0.0.1:6514"\\u001b[2J',
      '',
    ].join('\n'),
  );
  assert.equal(
    statusText({ ready: false, reason: 'no device is enabled', devices: [] }, 'asked "here"', now, false),
    'not ready: no device is enabled\nasked "here"\nno devices\n',
  );
});

test('colours change nothing but the colour', () => {
  const coloured = statusText(broken, 'asked', now, true);
  assert.ok(coloured.includes('\u001b[31mfailing '));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are control characters
  assert.equal(coloured.replace(/\u001b\[\d+m/g, ''), statusText(broken, 'asked', now, false));
});

test('ready is exit code 0, not ready 1, and --json prints what the daemon said', async (t) => {
  const readyPort = await answering(t, 200, JSON.stringify(ready));
  const text = await runCommand(t, ['status', '--url', `http://127.0.0.1:${readyPort}`]);
  assert.equal(text.code, 0, text.stderr);
  assert.match(
    text.stdout,
    /^ready\nasked "http:\/\/127\.0\.0\.1:\d+\/"\n\nDEVICE .*\nfile\/ {3}file {2}config {4}ok {5}/,
  );
  assert.ok(!text.stdout.includes('\u001b'));
  const brokenPort = await answering(t, 503, JSON.stringify(broken));
  const json = await runCommand(t, ['status', '--json', '--url', `http://127.0.0.1:${brokenPort}/`]);
  assert.equal(json.code, 1);
  assert.deepEqual(JSON.parse(json.stdout), broken);
});

test('it speaks over a UNIX socket too', async (t) => {
  const socket = path.join(temporaryDirectory(t), 'admin.sock');
  await answering(t, 200, JSON.stringify(ready), socket);
  const { code, stdout } = await runCommand(t, ['status', '--socket', socket]);
  assert.equal(code, 0);
  assert.match(stdout, /^ready\n/);
});

test('whatever else is there, or nothing, is exit code 1 with the reason', async (t) => {
  const cases: [number, string, RegExp][] = [
    [200, 's3cret', /: the answer is not JSON\n$/],
    [200, '{"ready":true}', /: the answer is not that of audit-sidecar\n$/],
    [
      200,
      '{"ready":true,"reason":null,"devices":[{"path":1}]}',
      /: the answer is not that of audit-sidecar\n$/,
    ],
    [404, '{}', /: it answers 404\n$/],
  ];
  for (const [status, body, message] of cases) {
    const port = await answering(t, status, body);
    const { code, stdout, stderr } = await runCommand(t, ['status', '-u', `http://127.0.0.1:${port}`]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.ok(!stderr.includes('s3cret'));
  }
  const none = await runCommand(t, ['status', '-s', path.join(temporaryDirectory(t), 'none.sock')]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /there is no such socket; is the daemon running\?\n$/);
});

test('a reader that leaves, as head does, is no error', async (t) => {
  const devices = Array.from({ length: 3000 }, (_, index) => device(`device-${index}/`));
  const socket = path.join(temporaryDirectory(t), 'admin.sock');
  await answering(t, 200, JSON.stringify({ ...ready, devices }), socket);
  const command = startCommand(t, ['status', '--socket', socket]);
  command.process.stdout.destroy();
  const [code] = await once(command.process, 'exit');
  assert.equal(code, 0);
  assert.equal((await command.ended).stderr, '');
});

test('--url and --socket together, or another scheme, are refused', async (t) => {
  assert.equal((await runCommand(t, ['status', '-u', 'http://h', '-s', '/s'])).code, 2);
  assert.equal((await runCommand(t, ['status', '-u', 'ftp://h'])).code, 2);
  const { code, stderr } = await runCommand(t, ['status', '-u', 'http://user:hunter2@h']);
  assert.equal(code, 2);
  assert.doesNotMatch(stderr, /hunter2/);
});

test('devices that take nothing are counted, however ready the daemon is', () => {
  const devices = Array.from({ length: 12 }, (_, index) =>
    device(`d${index}/`, {
      state: index < 9 ? 'failing' : index === 9 ? 'blocked' : index === 10 ? 'slow' : 'ok',
    }),
  );
  const head = (report: ReadinessReport): string => statusText(report, 'asked', now, false).split('\n')[0]!;
  assert.equal(head({ ...ready, devices }), 'ready, 9 of 12 devices failing, 1 of 12 devices blocked');
  assert.equal(head(ready), 'ready');
});

test('nobody is asked but who is named, by an option, a configuration or at the usual places', async (t) => {
  const folder = temporaryDirectory(t);
  const without = await runCommand(t, ['status'], { cwd: folder });
  if (!existsSync('/run/audit-sidecar/admin.sock')) {
    assert.equal(without.code, 1);
    assert.match(without.stderr, /Cannot find a daemon: there is neither .* --socket, --url or --config\n$/);
  }
  const socket = path.join(folder, 'admin.sock');
  const port = await answering(t, 200, JSON.stringify(ready));
  const config = path.join(folder, 'config.yaml');
  const configure = (metrics: string): void =>
    writeFileSync(config, `admin: {path: ${socket}}\nmetrics: {listen: ${metrics}}\ndevices: {}\n`);
  // There is no admin socket, as for a user who may not open it.
  configure(`127.0.0.1:${port}`);
  const byPort = await runCommand(t, ['status', '--config', config]);
  assert.match(byPort.stdout, new RegExp(`^ready\nasked "http://127\\.0\\.0\\.1:${port}/"\n`));
  configure('127.0.0.1:0');
  assert.match((await runCommand(t, ['status', '--config', config])).stderr, /port that the system chooses/);
  await answering(t, 200, JSON.stringify(ready), socket);
  const bySocket = await runCommand(t, ['status', '--config', config]);
  assert.equal(bySocket.stdout.split('\n')[1], `asked "${socket}"`);
  const json = await runCommand(t, ['status', '--json', '--config', config]);
  assert.equal(json.stderr, `asked "${socket}"\n`);
  assert.equal((await runCommand(t, ['status', '--config', config, '--socket', socket])).code, 2);
});

test('nothing that a daemon answers acts on the terminal, as text or as JSON', async (t) => {
  const hostile = 'a\u001b[2J\u009b31m\u202eb\u2028c\u0085';
  const report = { ...ready, devices: [device(`${hostile}/`, { type: hostile })] };
  const port = await answering(t, 200, JSON.stringify(report));
  for (const json of [[], ['--json']]) {
    const { stdout } = await runCommand(t, ['status', '--url', `http://127.0.0.1:${port}`, ...json]);
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u);
    assert.ok(stdout.includes('a\\u001b[2J\\u009b31m\\u202eb\\u2028c\\u0085'));
    if (json.length > 0) assert.deepEqual(JSON.parse(stdout), report);
  }
});
