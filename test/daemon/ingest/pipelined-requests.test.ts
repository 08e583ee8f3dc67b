import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../daemon/clock.ts';
import { HttpListener } from '../../../daemon/ingest/http-listener.ts';
import { createIngest, type IngestSettings } from '../../../daemon/ingest/ingest-settings.ts';
import { emptyRecordPolicy } from '../../../format/line-options.ts';
import { logInto } from '../../support/log-lines.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { boundsOf } from './bounds-of.ts';

const mebibyte = 1024 ** 2;

/** An HTTP listener without a device: each record is refused at once. */
async function listening(t: TestContext): Promise<{ place: string; shared: IngestSettings }> {
  const place = path.join(temporaryDirectory(t), 'http.sock');
  const shared = createIngest({
    policy: emptyRecordPolicy,
    requirement: { kind: 'any' },
    clock: systemClock,
    onDefect: (error) => assert.fail(`${error}`),
    onThreadDeath: (error) => assert.fail(`${error}`),
    limits: {
      maxRecordBytes: mebibyte,
      connectionBytes: mebibyte,
      totalBytes: 64 * mebibyte,
      connections: 100,
      recordTimeoutMs: 3_600_000,
      stopTimeoutMs: 1_000,
    },
  });
  const listener = await HttpListener.open(
    {
      kind: 'http',
      address: { kind: 'unix', path: place },
      mode: 0o600,
      group: null,
      headers: 'apply',
    },
    shared,
    boundsOf(shared, systemClock),
    logInto([], 'info'),
    3_600_000,
  );
  t.after(async () => {
    await listener.closeDoor();
    listener.destroy();
    await listener.stop();
  });
  return { place, shared };
}

function requests(count: number): string {
  return 'POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}'.repeat(count);
}

async function connected(t: TestContext, place: string): Promise<net.Socket> {
  const socket = net.connect({ path: place, allowHalfOpen: true });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('requests that are sent without waiting are parsed as their answers are read, and all are answered', async (t) => {
  const { place, shared } = await listening(t);
  const socket = await connected(t, place);
  socket.pause();
  const count = 20_000;
  socket.write(requests(count));
  socket.end();
  let before = -1;
  await waitFor('it is held back', async () => {
    const quiet = shared.counters.received === before;
    before = shared.counters.received;
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    return quiet && before > 0;
  });
  // The system takes some hundred answers, and the daemon some hundred more.
  assert.ok(before < count / 4, `${before} answers that nobody reads`);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.resume();
  await once(socket, 'end');
  assert.equal(text.split('HTTP/1.1 503').length - 1, count);
  assert.equal(shared.counters.received, count);
});

test('of such requests some dozens are taken in a turn of the event loop, and a body is taken whole', async (t) => {
  const { place, shared } = await listening(t);
  const sockets = await Promise.all(Array.from({ length: 10 }, () => connected(t, place)));
  for (const socket of sockets) socket.resume().write(requests(1_000));
  let most = 0;
  let before = 0;
  while (before < 10_000) {
    await new Promise(setImmediate);
    most = Math.max(most, shared.counters.received - before);
    before = shared.counters.received;
  }
  assert.ok(most <= 150, `${most} in a turn`);

  const socket = await connected(t, place);
  const record = JSON.stringify({ long: 'x'.repeat(300_000) });
  socket.write(`POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: ${record.length}\r\n\r\n${record}`);
  const [answer] = await once(socket, 'data');
  assert.match(`${answer}`, /^HTTP\/1\.1 503 /);
  assert.equal(shared.counters.received, 10_001);
});

test('a client that goes in the middle of its requests leaves nothing', async (t) => {
  const { place, shared } = await listening(t);
  const socket = await connected(t, place);
  socket.pause();
  socket.write(requests(20_000));
  await waitFor('some are taken', () => shared.counters.received > 0);
  socket.destroy();
  await waitFor('it is gone', () => shared.counters.connections === 0);
});

test('answers that are long and unread hold back what comes behind them, and none is lost', async (t) => {
  const { place, shared } = await listening(t);
  const socket = await connected(t, place);
  socket.pause();
  const body = '{}\n'.repeat(200);
  const request = `POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const count = 500;
  socket.write(request.repeat(count));
  socket.end();
  await waitFor('it is held back', async () => {
    const before = shared.counters.received;
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    return before > 0 && before === shared.counters.received;
  });
  assert.ok(
    shared.counters.received < (200 * count) / 4,
    `${shared.counters.received} records whose answers nobody reads`,
  );
  // Slowly: what is unread comes to be of every size.
  let text = '';
  let ended = false;
  socket.on('end', () => {
    ended = true;
  });
  while (!ended) {
    text += socket.read(Math.min(socket.readableLength, 2_000)) ?? '';
    await new Promise(setImmediate);
  }
  assert.equal(text.split('HTTP/1.1 503').length - 1, count);
  assert.equal(shared.counters.received, 200 * count);
});
