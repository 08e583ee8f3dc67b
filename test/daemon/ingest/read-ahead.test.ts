import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../daemon/clock.ts';
import { HttpListener } from '../../../daemon/ingest/http-listener.ts';
import { createIngest } from '../../../daemon/ingest/ingest-settings.ts';
import type { BudgetedReader } from '../../../daemon/ingest/memory-budget.ts';
import { StreamListener } from '../../../daemon/ingest/stream-listener.ts';
import { emptyRecordPolicy } from '../../../format/line-options.ts';
import { logInto } from '../../support/log-lines.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { boundsOf } from './bounds-of.ts';
import { CountedBudget } from './counted-budget.ts';

const mebibyte = 1024 ** 2;

/** Lets nobody read on until it is told to. */
class StrictBudget extends CountedBudget {
  #open = false;

  override mayRead(reader: BudgetedReader): boolean {
    return this.#open && super.mayRead(reader);
  }

  open(): void {
    this.#open = true;
    for (const reader of this.joined) reader.resume();
  }
}

/** A client of a listener whose clients may not read on yet. */
async function heldBack(
  t: TestContext,
  kind: 'stream' | 'http',
): Promise<{ socket: net.Socket; memory: StrictBudget; taken: () => number }> {
  const shared = createIngest({
    policy: emptyRecordPolicy,
    requirement: { kind: 'any' },
    clock: systemClock,
    onDefect: (error) => assert.fail(`${error}`),
    onThreadDeath: (error) => assert.fail(`${error}`),
    limits: {
      maxRecordBytes: 32 * mebibyte,
      connectionBytes: 32 * mebibyte,
      totalBytes: 256 * mebibyte,
      connections: 10,
      recordTimeoutMs: 3_600_000,
      stopTimeoutMs: 1_000,
    },
  });
  const memory = new StrictBudget(
    () => shared.limits.totalBytes,
    systemClock,
    () => {},
  );
  const together = { ...boundsOf(shared, systemClock), memory };
  const place = path.join(temporaryDirectory(t), 'ingest.sock');
  const settings = { mode: 0o600, group: null, headers: 'apply' } as const;
  const log = logInto([], 'info');
  const listener =
    kind === 'stream'
      ? await StreamListener.open(
          { kind, path: place, replies: 'status', ...settings },
          shared,
          together,
          log,
        )
      : await HttpListener.open(
          { kind, address: { kind: 'unix', path: place }, ...settings },
          shared,
          together,
          log,
          3_600_000,
        );
  t.after(async () => {
    await listener.closeDoor();
    const stopped = listener.stop();
    listener.destroy();
    await stopped;
  });
  const socket = net.connect(place);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return { socket, memory, taken: () => shared.counters.bytes };
}

function request(kind: 'stream' | 'http', bytes: number): string {
  return kind === 'stream' ? '' : `POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes}\r\n\r\n`;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

for (const kind of ['stream', 'http'] as const) {
  test(`of a long record of a client that is held back little is read ahead (${kind})`, async (t) => {
    const { socket, memory, taken } = await heldBack(t, kind);
    const record = Buffer.from(`${JSON.stringify({ long: 'x'.repeat(16 * mebibyte) })}\n`);
    socket.write(request(kind, record.length));
    socket.write(record);
    await waitFor('some of it is read', () => taken() > 0);
    let before = -1;
    await waitFor('it is held back', async () => {
      const still = before === socket.bytesWritten - socket.writableLength;
      before = socket.bytesWritten - socket.writableLength;
      await turns(100);
      return still;
    });
    // A write counts until all of it is taken.
    assert.equal(socket.writableLength, record.length);
    assert.ok(taken() < mebibyte);
    assert.ok(
      memory.sumOf('aheadBytes') > 0 && memory.sumOf('aheadBytes') < mebibyte,
      `${memory.sumOf('aheadBytes')}`,
    );
    memory.open();
    const [reply] = await once(socket, 'data');
    assert.match(`${reply}`, /no_device/);
  });

  test(`bytes that a client who is held back sends one by one stay where they are (${kind})`, async (t) => {
    const { socket, memory, taken } = await heldBack(t, kind);
    const record = '{"type":"request"}';
    socket.write(`${request(kind, 2_000 + record.length + 1)}${record.slice(0, 5)}`);
    await waitFor('some of it is read', () => taken() > 0);
    for (let byte = 0; byte < 2_000; byte++) {
      socket.write(' ');
      await turns(1);
    }
    await turns(20);
    assert.ok(
      memory.sumOf('aheadBytes') <= 10,
      `${memory.sumOf('aheadBytes')} bytes, each in memory of its own`,
    );
    memory.open();
    socket.write(`${record.slice(5)}\n`);
    const [reply] = await once(socket, 'data');
    assert.match(`${reply}`, /no_device/);
  });
}
