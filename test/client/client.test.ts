import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Client, type ClientOptions, connect, type Verdict } from 'audit-sidecar/client';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

/** Long enough that a busy machine is not taken for a sidecar that is gone. */
const patient: ClientOptions = { deadlineMs: 60_000 };

function connected(t: TestContext, socket: string, options: ClientOptions): Client {
  const client = connect(socket, options);
  t.after(() => client.destroy());
  return client;
}

function numbered(id: number): { type: 'request'; request: { id: string } } {
  return { type: 'request', request: { id: String(id) } };
}

function idsIn(daemon: DaemonProcess): number[] {
  return daemon
    .lines('audit.log')
    .map((line) => Number((JSON.parse(line) as { request: { id: string } }).request.id));
}

const slowDevice = { ...fileDevice, options: { ...fileDevice.options, write_timeout: '1m' } };

test('records are kept in the order of the calls, whatever they are given as', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': slowDevice } });
  const client = connected(t, daemon.socketPath, patient);
  const entries = [
    numbered(0),
    JSON.stringify(numbered(1)),
    `${JSON.stringify(numbered(2))}\n`,
    Buffer.from(JSON.stringify(numbered(3))),
    ...Array.from({ length: 2000 }, (_, index) => numbered(index + 4)),
  ];
  const verdicts = await Promise.all(entries.map((entry) => client.record(entry)));
  assert.ok(verdicts.every((verdict) => verdict.ok && verdict.proceed));
  assert.deepEqual(
    idsIn(daemon),
    entries.map((_, id) => id),
  );
  const { ok, sent, connections, refused } = client.counters;
  assert.deepEqual({ ok, sent, connections, refused }, { ok: 2004, sent: 2004, connections: 1, refused: {} });
  await client.close();
  assert.equal(client.state, 'closed');
});

test('a sidecar that is killed under load and comes back loses nothing that was called kept', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': slowDevice } });
  const client = connected(t, daemon.socketPath, patient);
  const states: string[] = [];
  client.on('state', (state) => states.push(state));
  const verdicts: Promise<Verdict>[] = [];
  for (let round = 0; round < 5; round++) {
    for (let record = 0; record < 300; record++) verdicts.push(client.record(numbered(verdicts.length)));
    await waitFor(
      'some of this life are kept',
      () => client.counters.connections > round && client.counters.ok > round * 320,
    );
    await daemon.kill();
    for (let record = 0; record < 20; record++) verdicts.push(client.record(numbered(verdicts.length)));
    await daemon.run();
  }
  const settled = await Promise.all(verdicts);
  assert.ok(settled.every(({ ok }) => ok));
  const inLog = [...new Set(idsIn(daemon))];
  assert.deepEqual(
    inLog,
    settled.map((_, id) => id),
  );
  assert.ok(states.includes('waiting') && states.at(-1) === 'connected');
  assert.ok(client.counters.connections >= 6);
});

test('a record that is refused may not proceed, unless that was chosen', async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, {
    devices: { 'file/': slowDevice },
    limits: { max_record_bytes: '1KiB' },
  });
  const long = { type: 'request', text: 'secret '.repeat(1000) };
  const verdictOf = async (options: ClientOptions): Promise<Verdict> =>
    connected(t, daemon.socketPath, { ...patient, ...options }).record(long);
  const message = 'record is longer than max_record_bytes (1024)';
  const refused = { ok: false, code: 'too_large', message };
  assert.deepEqual(await verdictOf({}), { ...refused, proceed: false });
  assert.deepEqual(await verdictOf({ onRefusal: 'allow' }), { ...refused, proceed: true });
  const rule = async ({ code }: { code: string }) => (code === 'too_large' ? 'allow' : 'refuse');
  assert.deepEqual(await verdictOf({ onRefusal: rule as never }), { ...refused, proceed: true });
  const broken = () => {
    throw new Error('a rule that breaks');
  };
  assert.deepEqual(await verdictOf({ onRefusal: broken }), { ...refused, proceed: false });
});

test('what cannot be one line of JSON is refused here, without a word of it', async (t) => {
  const client = connected(t, path.join(temporaryDirectory(t), 'nobody.sock'), patient);
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const none = [
    circle,
    { big: 1n },
    { toJSON: () => undefined },
    '{"a":1}\n{"forged":true}',
    '',
    ' \r\n',
    new Uint8Array(),
  ];
  for (const entry of none) {
    const verdict = await client.record(entry as never);
    assert.deepEqual(verdict, {
      ok: false,
      proceed: false,
      code: 'invalid_record',
      message: 'it cannot be written as one line of JSON',
    });
  }
  assert.equal(client.counters.refused['invalid_record'], none.length);
});

test('with nobody there, records wait until their deadline, and no more of them than may', async (t) => {
  const client = connected(t, path.join(temporaryDirectory(t), 'nobody.sock'), { deadlineMs: 50, queue: 3 });
  const codes = (await Promise.all([0, 1, 2, 3, 4].map((id) => client.record(numbered(id))))).map(
    (verdict) => (verdict.ok ? 'ok' : verdict.code),
  );
  assert.deepEqual(codes, ['unreachable', 'unreachable', 'unreachable', 'queue_full', 'queue_full']);
});

test('who answers in another language, or not at all, is left', async (t) => {
  const folder = temporaryDirectory(t);
  const places = { foreign: path.join(folder, 'foreign.sock'), mute: path.join(folder, 'mute.sock') };
  for (const [kind, place] of Object.entries(places)) {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        if (kind === 'foreign') socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(place, resolve));
    t.after(() => server.close());
    const client = connected(t, place, { deadlineMs: 100 });
    await waitFor('its connection is given up', async () => {
      const verdict = await client.record(numbered(0));
      assert.ok(!verdict.ok);
      assert.match(verdict.code, /^(unanswered|unreachable)$/);
      return client.counters.connectionsGivenUp > 0;
    });
  }
});

test('a signal ends the wait, and closing the rest', async (t) => {
  const client = connected(t, path.join(temporaryDirectory(t), 'nobody.sock'), patient);
  const giveUp = new AbortController();
  const first = client.record(numbered(0), { signal: giveUp.signal });
  const second = client.record(numbered(1));
  giveUp.abort();
  const codeOf = async (verdict: Promise<Verdict>): Promise<string> => {
    const found = await verdict;
    return found.ok ? 'ok' : found.code;
  };
  assert.equal(await codeOf(first), 'aborted');
  assert.equal(await codeOf(client.record(numbered(2), { signal: AbortSignal.abort() })), 'aborted');
  assert.equal(client.pending, 1);
  client.destroy();
  assert.equal(await codeOf(second), 'closed');
  assert.equal(await codeOf(client.record(numbered(3))), 'closed');
  await client.close();
});

test('a client with nothing to do keeps no process alive', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': slowDevice } });
  const program = `
    import { connect } from 'audit-sidecar/client';
    const client = connect(process.argv[1]);
    const { ok } = await client.record({ type: 'request' });
    console.log(ok);`;
  const { stdout, status, signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program, daemon.socketPath],
    { cwd: projectRoot, encoding: 'utf8', timeout: 60_000 },
  );
  assert.deepEqual({ stdout, status, signal }, { stdout: 'true\n', status: 0, signal: null });
});

test('what cannot be an option is named', () => {
  assert.throws(() => connect(''), /the path of the UNIX socket/);
  assert.throws(() => connect('/a', { deadlineMs: 0 }), /option "deadlineMs": wanted a whole number/);
  assert.throws(() => connect('/a', { window: 1.5 }), /option "window"/);
  assert.throws(() => connect('/a', { queue: Number.NaN }), /option "queue"/);
  assert.throws(() => connect('/a', { onRefusal: 'ignore' as never }), /option "onRefusal"/);
});
