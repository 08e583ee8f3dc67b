import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, systemClock } from '../../../daemon/clock.ts';
import { HttpListener } from '../../../daemon/ingest/http-listener.ts';
import { createIngest, type IngestSettings } from '../../../daemon/ingest/ingest-settings.ts';
import { emptyRecordPolicy } from '../../../format/line-options.ts';
import { HeldClock } from '../../support/held-clock.ts';
import { HttpRecordClient } from '../../support/http-client.ts';
import { logInto } from '../../support/log-lines.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { boundsOf } from './bounds-of.ts';

const mebibyte = 1024 * 1024;

interface Subject {
  readonly listener: HttpListener;
  readonly shared: IngestSettings;
  readonly place: string;
  readonly log: string[];
}

/** A listener without a device behind it: every record is answered `no_device`. */
async function opened(t: TestContext, connections = 1024, clock: Clock = systemClock): Promise<Subject> {
  const place = path.join(temporaryDirectory(t), 'h.sock');
  const shared: IngestSettings = createIngest({
    policy: emptyRecordPolicy,
    requirement: { kind: 'any' },
    clock,
    onDefect: (error) => assert.fail(`${error}`),
    onThreadDeath: (error) => assert.fail(`${error}`),
    limits: {
      maxRecordBytes: mebibyte,
      connectionBytes: mebibyte,
      totalBytes: 2 * mebibyte,
      connections,
      recordTimeoutMs: 60_000,
      stopTimeoutMs: 1000,
    },
  });
  const log: string[] = [];
  const listener = await HttpListener.open(
    {
      kind: 'http',
      address: { kind: 'unix', path: place },
      mode: 0o600,
      group: null,
      headers: 'apply',
    },
    shared,
    boundsOf(shared, clock),
    logInto(log, 'info'),
    clock === systemClock ? 300 : 60_000,
  );
  t.after(async () => {
    const stopped = listener.stop();
    listener.destroy();
    await stopped;
  });
  return { listener, shared, place, log };
}

function connected(t: TestContext, place: string): { socket: net.Socket; text: () => string } {
  const socket = net.connect(place);
  t.after(() => socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.on('error', () => {});
  return { socket, text: () => text };
}

for (const [what, sent] of [
  ['body', 'POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{"half'],
  ['head', 'POST /v1/records HTTP/1.1\r\nHost'],
] as const) {
  test(`half a ${what} that goes no further is answered 408, and its record is nobody’s`, async (t) => {
    const { shared, place } = await opened(t);
    const { socket, text } = connected(t, place);
    socket.write(sent);
    await once(socket, 'close');
    assert.match(text(), /^HTTP\/1\.1 408 /);
    assert.equal(shared.counters.received, 0);
    await waitFor('the connection is gone', () => shared.counters.connections === 0);
  });
}

test('when all places are taken, the client that has been idle longest gives way; that is logged once', async (t) => {
  const { shared, place, log } = await opened(t, 2);
  const kept = new HttpRecordClient(t, place);
  assert.equal((await kept.post('{}')).status, 503);
  const idle = connected(t, place);
  await waitFor('two are connected', () => shared.counters.connections === 2);
  assert.equal((await kept.post('{}')).status, 503);
  const half = connected(t, place);
  await waitFor('the idle one is gone', () => idle.socket.destroyed);
  half.socket.write('POST /v1/records HTTP/1.1\r\n');
  await waitFor('it has come', () => shared.counters.connections === 2);
  const next = new HttpRecordClient(t, place);
  assert.equal((await next.post('{}')).status, 503);
  assert.equal(shared.counters.connectionsGivenUp, 2);
  assert.equal(log.filter((line) => line.includes('too many connections')).length, 1);
});

test('a stop ends clients that are silent, idle or in the midst of a body', async (t) => {
  const { listener, shared, place } = await opened(t);
  const client = new HttpRecordClient(t, place);
  assert.equal((await client.post('{}')).status, 503);
  const silent = connected(t, place);
  const half = connected(t, place);
  half.socket.write('POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{}\n{"half');
  await waitFor('the whole record was read', () => shared.counters.received === 2);
  await listener.closeDoor();
  await listener.stop();
  await waitFor('both are closed', () => silent.socket.destroyed && half.socket.destroyed);
  assert.match(half.text(), /^HTTP\/1\.1 (503|408) /);
  assert.equal(shared.counters.connections, 0);
  await assert.rejects(client.post('{}'));
});

test('a stop waits 500 ms for bodies and then 500 ms for clients that do not read, and no longer', async (t) => {
  const clock = new HeldClock();
  const { listener, shared, place } = await opened(t, 1024, clock);
  const half = connected(t, place);
  half.socket.write('POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{}\n{"half');
  await waitFor('the whole record was read', () => shared.counters.received === 1);
  const silent = connected(t, place);
  // Half a request: one that has said nothing is idle to Node 26, which closes it at once.
  silent.socket.write('POST /v1/rec');
  await waitFor('both are connected', () => shared.counters.connections === 2);
  let stopped = false;
  const stopping = listener.stop().then(() => {
    stopped = true;
  });
  await waitFor('it waits for the body', () => clock.pending.length === 1);
  assert.deepEqual(clock.pending, [500]);
  assert.equal(half.text(), '');
  clock.fire();
  await waitFor('the body is answered', () => half.text().includes('\r\n\r\n'));
  assert.match(half.text(), /^HTTP\/1\.1 503 .*stopping/s);
  await waitFor('it waits for the clients', () => clock.pending.length === 1);
  assert.deepEqual(clock.pending, [500]);
  assert.equal(stopped, false);
  assert.equal(silent.socket.closed, false);
  clock.fire();
  await stopping;
  await waitFor('they are gone', () => shared.counters.connections === 0);
  assert.deepEqual(clock.pending, []);
});

test('a stop waits for nothing that has been answered', async (t) => {
  const clock = new HeldClock();
  const { listener, shared, place } = await opened(t, 1024, clock);
  const client = connected(t, place);
  const body = '{}\n{}\n';
  client.socket.write(`POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n{}\n`);
  await waitFor('the first record was read', () => shared.counters.received === 1);
  const stopping = listener.stop();
  client.socket.write('{}\n');
  await stopping;
  await waitFor('the client sees the end', () => client.socket.closed);
  assert.match(client.text(), /^HTTP\/1\.1 503 .*no_device.*no_device/s);
  assert.match(client.text(), /\r\nConnection: close\r\n/);
  assert.deepEqual(clock.pending, []);
});
