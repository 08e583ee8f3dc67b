import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { type ConfigOverrides, DaemonProcess, patientFileDevice } from '../../support/daemon-process.ts';
import { HttpRecordClient, type RecordsAnswer } from '../../support/http-client.ts';
import { numberedRecord, recordNumbers } from '../../support/records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

const run = promisify(execFile);

interface Subject {
  readonly daemon: DaemonProcess;
  /** The path of its HTTP listener. */
  readonly place: string;
  readonly client: HttpRecordClient;
}

async function started(t: TestContext, overrides: ConfigOverrides = {}): Promise<Subject> {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
    listeners: [{ http: { path: 'FOLDER/http.sock' } }],
    ...overrides,
  });
  const place = path.join(daemon.folder, 'http.sock');
  return { daemon, place, client: new HttpRecordClient(t, place) };
}

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function records(from: number, count: number, bytes?: number): string {
  return numbers(from, count)
    .map((number) => `${numberedRecord(number, bytes)}\n`)
    .join('');
}

/** Sends bytes and gives all that comes back until the daemon closes. */
async function exchange(t: TestContext, place: string, text: string): Promise<string> {
  const socket = net.connect(place);
  t.after(() => socket.destroy());
  let answer = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    answer += part;
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test('a client like OpenBao’s http device gets 204 for each record, over one connection', async (t) => {
  const { daemon } = await started(t, { listeners: [{ http: '127.0.0.1:0' }] });
  const [, port] = /listening listener=127\.0\.0\.1:(\d+)/.exec(daemon.log) ?? [];
  assert.ok(port !== undefined, daemon.log);
  const client = new HttpRecordClient(t, `127.0.0.1:${port}`);
  for (const number of numbers(0, 50)) {
    assert.deepEqual(await client.post(`${numberedRecord(number)}\n`), { status: 204, answer: null });
  }
  const lines = daemon.lines('audit.log');
  assert.deepEqual(recordNumbers(lines), numbers(0, 50));
  assert.doesNotMatch(lines.join(), /s\.secret/);
  assert.equal((await daemon.metrics()).get('audit_sidecar_connections_accepted_total'), 1);
});

test('the worst record decides the status, and each has its reply', async (t) => {
  const { daemon, client } = await started(t, {
    limits: { max_record_bytes: 4096, connection_bytes: '1MiB' },
  });
  const invalid = '{"token":"s.secret-in-a-bad-record",}\n';
  const tooLarge = `${JSON.stringify({ long: 's.secret'.repeat(1000) })}\n`;

  const mixed = await client.post(
    `${records(1, 2)}${invalid}\r\n\n${records(3, 1)}${tooLarge}${records(4, 1)}`,
  );
  assert.equal(mixed.status, 413);
  assert.deepEqual(
    mixed.answer!.replies.map((reply) => reply.code ?? 'ok'),
    ['ok', 'ok', 'invalid_record', 'ok', 'too_large', 'ok'],
  );
  assert.deepEqual(mixed.answer!.errors, [
    mixed.answer!.replies[2]!.message,
    'record is longer than max_record_bytes (4096)',
  ]);
  assert.equal((await client.post(`${invalid}${records(5, 1)}`)).status, 400);
  assert.equal((await client.post(tooLarge)).status, 413);
  const named = JSON.stringify({ request: { id: 'id-\u001b7', data: 's.secret'.repeat(1000) } });
  assert.deepEqual((await client.post(named)).answer!.errors, [
    'record "id-\\u001b7" is longer than max_record_bytes (4096)',
  ]);
  assert.doesNotMatch(JSON.stringify(mixed) + daemon.log, /secret/);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [1, 2, 3, 4, 5]);
});

test('a record without a newline is one, and a body without a record is refused', async (t) => {
  const { daemon, client } = await started(t);
  assert.equal((await client.post(numberedRecord(1))).status, 204);
  assert.equal((await client.post(`${numberedRecord(2)}\n${numberedRecord(3)}`)).status, 204);
  for (const body of ['', '\n', '\r\n\n']) {
    const { status, answer } = await client.post(body);
    assert.equal(status, 400);
    assert.deepEqual(answer, { errors: ['no record in the body'] });
  }
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [1, 2, 3]);
});

test('other paths, methods, encodings and web pages are refused, each with its status', async (t) => {
  const { daemon, client } = await started(t);
  const to = (method: string, target: string, headers = {}) =>
    client.request({ method, path: target, headers }, numberedRecord(1));
  assert.equal((await to('POST', '/v1/record')).status, 404);
  assert.equal((await to('POST', '/')).status, 404);
  const wrong = await to('PUT', '/v1/records');
  assert.deepEqual([wrong.status, wrong.headers['allow']], [405, 'POST']);
  assert.equal((await to('POST', '/v1/records', { 'content-encoding': 'gzip' })).status, 415);
  assert.equal((await to('POST', '/v1/records', { origin: 'https://example.org' })).status, 403);
  assert.equal((await to('POST', '/v1/records?from=test')).status, 204);
  assert.equal(daemon.lines('audit.log').length, 1);
});

test('bodies in chunks, with Expect, of HTTP/1.0 and of several requests at once are read alike', async (t) => {
  const { daemon, place } = await started(t);
  const head = 'POST /v1/records HTTP/1.1\r\nHost: h\r\n';
  const body = records(1, 1);
  const halves = [body.slice(0, 50), body.slice(50)];
  const chunks = halves.map((half) => `${half.length.toString(16)}\r\n${half}\r\n`).join('');
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
  const plain = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const last = `${head}Connection: close\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const answers = await exchange(t, place, chunked + plain + last);
  assert.deepEqual(
    [...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => match[1]),
    ['204', '204', '100', '204'],
  );
  const old = `POST /v1/records HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  assert.match(await exchange(t, place, old), /^HTTP\/1\.[01] 204 /);
  assert.match(await exchange(t, place, 'no HTTP\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [1, 1, 1, 1]);
});

test('curl can post a large record, and many in a large body', async (t) => {
  try {
    await run('curl', ['--version']);
  } catch {
    t.skip('install curl');
    return;
  }
  const { daemon, place } = await started(t);
  const file = path.join(daemon.folder, 'body');
  const post = async (content: string): Promise<string> => {
    writeFileSync(file, content);
    const options = ['-sS', '-o', `${file}.answer`, '-w', '%{http_code}', '--unix-socket', place];
    return (await run('curl', [...options, '--data-binary', `@${file}`, 'http://h/v1/records'])).stdout;
  };
  assert.equal(await post(numberedRecord(0, 20 * 1024 * 1024)), '204');
  assert.equal(await post(records(1, 20_000, 400)), '204');
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), numbers(0, 20_001));
});

test('twenty clients at once get one outcome for each of their records', async (t) => {
  const { daemon, place } = await started(t);
  await Promise.all(
    numbers(0, 20).map(async (client) => {
      const sender = new HttpRecordClient(t, place);
      for (const request of numbers(0, 20)) {
        const { status } = await sender.post(records(client * 1000 + request * 10, 10));
        assert.equal(status, 204);
      }
    }),
  );
  const found = recordNumbers(daemon.lines('audit.log')).sort((one, other) => one - other);
  assert.deepEqual(
    found,
    numbers(0, 20).flatMap((client) => numbers(client * 1000, 200)),
  );
  const metrics = await daemon.metrics();
  assert.equal(metrics.get('audit_sidecar_records_received_total'), 4000);
  assert.equal(metrics.get('audit_sidecar_replies_total{outcome="ok"}'), 4000);
  assert.equal(metrics.get('audit_sidecar_in_flight_bytes'), 0);
});

test('large bodies share the memory there is: who is refused for want of it sends again, and all are kept', async (t) => {
  const { daemon, place } = await started(t, {
    limits: { max_record_bytes: '1MiB', connection_bytes: '1MiB', total_bytes: '2MiB' },
  });
  await Promise.all(
    numbers(0, 10).map(async (number) => {
      const client = new HttpRecordClient(t, place);
      for (;;) {
        const { status, answer } = await client.post(numberedRecord(number, 1_000_000));
        if (status === 204) return;
        assert.deepEqual(
          answer!.replies.map(({ code }) => code),
          ['overloaded'],
        );
      }
    }),
  );
  assert.equal(daemon.lines('audit.log').length, 10, 'what is refused is recorded nowhere');
});

test('a client that breaks off half-way has its whole records kept and nothing else', async (t) => {
  const { daemon, place, client } = await started(t);
  for (const number of numbers(0, 10)) {
    const socket = net.connect(place);
    const body = `${numberedRecord(number)}\n${numberedRecord(1000 + number).slice(0, 100)}`;
    socket.write(`POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n${body}`);
    await waitFor('the whole record is kept', () => {
      const lines = existsSync(path.join(daemon.folder, 'audit.log')) ? daemon.lines('audit.log') : [];
      return lines.length === number + 1;
    });
    socket.destroy();
  }
  await waitFor('the daemon has let go of them', async () => {
    return (await daemon.metrics()).get('audit_sidecar_connections') === 0;
  });
  assert.equal((await client.post(numberedRecord(10))).status, 204);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), numbers(0, 11));
});

test('without a device, or with one that does not take it in time, the answer is 503', async (t) => {
  const none = await started(t, { devices: {} });
  const { status, answer } = await none.client.post(records(1, 2));
  assert.equal(status, 503);
  assert.deepEqual(
    answer!.replies.map(({ code }) => code),
    ['no_device', 'no_device'],
  );

  const silent = net.createServer((socket) => socket.resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const sockets: net.Socket[] = [];
  silent.on('connection', (socket) => sockets.push(socket));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as net.AddressInfo;
  const uri = `http://127.0.0.1:${port}/`;
  const late = await started(t, {
    devices: { 'web/': { type: 'http', options: { uri, write_timeout: '200ms' } } },
    limits: { stop_timeout: '100ms' },
  });
  const unanswered = await late.client.post(records(1, 1));
  assert.equal(unanswered.status, 503);
  assert.equal(unanswered.answer!.replies[0]!.code, 'not_recorded');
  assert.match(unanswered.answer!.errors[0]!, /web\/ is blocked/);
});

test('records beyond what one request may have are not read, and the answer says which were', async (t) => {
  const { daemon, client } = await started(t);
  const { status, answer } = await client.post('{}\n'.repeat(200_000));
  assert.equal(status, 413);
  assert.match(answer!.errors[0]!, /more than 65536 records/);
  assert.ok(answer!.replies.length >= 65_536 && answer!.replies.length < 150_000);
  assert.ok(answer!.replies.every((reply) => reply.ok));
  assert.equal(daemon.lines('audit.log').length, answer!.replies.length);
});

test('a stop answers the requests it has begun to read, and removes the socket', async (t) => {
  const { daemon, place, client } = await started(t);
  assert.equal((await client.post(numberedRecord(0))).status, 204);
  const silent = net.connect(place);
  t.after(() => silent.destroy());
  const body = records(1, 1);
  const half = exchange(
    t,
    place,
    `POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length + 100}\r\n\r\n${body}{"half`,
  );
  await waitFor('the whole record is kept', () => daemon.lines('audit.log').length === 2);
  assert.equal(await daemon.stop(), 0);
  const [head, text] = (await half).split('\r\n\r\n');
  assert.match(head!, /^HTTP\/1\.1 503 /);
  assert.match(head!, /^Connection: close$/m);
  const answer = JSON.parse(text!) as RecordsAnswer;
  assert.deepEqual(answer.replies, [{ ok: true }]);
  assert.match(answer.errors[0]!, /stopping/);
  assert.equal(existsSync(place), false);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [0, 1]);
});

test('a reload opens, keeps and closes HTTP listeners, and a kept one keeps its clients', async (t) => {
  const { daemon, place, client } = await started(t);
  const reload = async (listeners: readonly unknown[]): Promise<void> => {
    daemon.configure({ devices: { 'file/': patientFileDevice }, listeners });
    const before = daemon.log.length;
    daemon.signal('SIGHUP');
    await waitFor('the reload is over', () => /reloaded/.test(daemon.log.slice(before)));
    assert.doesNotMatch(daemon.log.slice(before), /not reloaded/);
  };
  assert.equal((await client.post(numberedRecord(0))).status, 204);
  await reload([
    { http: { path: 'FOLDER/http.sock' }, mode: '0600' },
    { http: { path: 'FOLDER/second.sock' }, mode: '0666' },
  ]);
  const second = path.join(daemon.folder, 'second.sock');
  assert.deepEqual(
    [place, second].map((socket) => statSync(socket).mode & 0o777),
    [0o600, 0o666],
  );
  assert.equal((await client.post(numberedRecord(1))).status, 204);
  assert.equal((await daemon.metrics()).get('audit_sidecar_connections_accepted_total'), 1);

  await reload([{ http: { path: 'FOLDER/second.sock' } }]);
  assert.ok(!readdirSync(daemon.folder).includes('http.sock'));
  await assert.rejects(client.post(numberedRecord(2)));
  assert.equal((await new HttpRecordClient(t, second).post(numberedRecord(3))).status, 204);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), [0, 1, 3]);
});

for (const batch of ['false', 'true']) {
  test(`the http device of one daemon records in another, with batch ${batch}`, async (t) => {
    const collector = await started(t, { listeners: [{ http: '127.0.0.1:0' }] });
    const [, port] = /listening listener=127\.0\.0\.1:(\d+)/.exec(collector.daemon.log)!;
    const uri = `http://127.0.0.1:${port}/v1/records`;
    // One request a record: a busy machine takes its time for all of them.
    const options = { uri, batch, write_timeout: '10m' };
    const { client } = await started(t, { devices: { 'web/': { type: 'http', options } } });
    assert.equal((await client.post(records(0, 500))).status, 204);
    const lines = collector.daemon.lines('audit.log');
    assert.deepEqual(recordNumbers(lines), numbers(0, 500));
  });
}
