import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../daemon/clock.ts';
import { HttpListener } from '../../../daemon/ingest/http-listener.ts';
import { createIngest, type IngestSettings } from '../../../daemon/ingest/ingest-settings.ts';
import type { BudgetedReader } from '../../../daemon/ingest/memory-budget.ts';
import { StreamListener } from '../../../daemon/ingest/stream-listener.ts';
import { emptyRecordPolicy } from '../../../format/line-options.ts';
import { logInto } from '../../support/log-lines.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { boundsOf } from './bounds-of.ts';
import { CountedBudget } from './counted-budget.ts';

const mebibyte = 1024 ** 2;
const totalBytes = 16 * mebibyte;
const clients = 300;
/** Of each record that is not ended: less than the good record, and all of them far more than the memory. */
const unfinishedBytes = mebibyte / 2;
const longestRead = 64 * 1024;

/** Knows the most that was held when somebody asked. */
class WatchedBudget extends CountedBudget {
  most = 0;

  override mayRead(reader: BudgetedReader): boolean {
    this.most = Math.max(this.most, this.sumOf('bytes'));
    return super.mayRead(reader);
  }
}

class Client {
  readonly socket: net.Socket;
  text = '';

  constructor(t: TestContext, place: string) {
    this.socket = net.connect(place);
    this.socket.on('data', (chunk) => {
      this.text += chunk.toString();
    });
    this.socket.on('error', () => {});
    t.after(() => this.socket.destroy());
  }
}

function ingestSettings(): IngestSettings {
  return createIngest({
    policy: emptyRecordPolicy,
    requirement: { kind: 'any' },
    clock: systemClock,
    onDefect: (error) => assert.fail(`${error}`),
    onThreadDeath: (error) => assert.fail(`${error}`),
    limits: {
      maxRecordBytes: 4 * mebibyte,
      connectionBytes: 4 * mebibyte,
      totalBytes,
      connections: 1024,
      recordTimeoutMs: 3_600_000,
      stopTimeoutMs: 1000,
    },
  });
}

for (const kind of ['stream', 'http'] as const) {
  test(`${clients} clients that stop inside a record hold no more than the limit (${kind}), and a good one is answered`, async (t) => {
    const folder = temporaryDirectory(t);
    const shared = ingestSettings();
    const budget = new WatchedBudget(
      () => totalBytes,
      systemClock,
      () => {},
    );
    const together = { ...boundsOf(shared, systemClock), memory: budget };
    const log = logInto([], 'info');
    const place = { mode: 0o600, group: null, headers: 'apply' } as const;
    const good = path.join(folder, 'good.sock');
    const bad = path.join(folder, 'bad.sock');
    const stream = { kind: 'stream', replies: 'status', ...place } as const;
    const listeners = [
      await StreamListener.open({ ...stream, path: good }, shared, together, log),
      kind === 'stream'
        ? await StreamListener.open({ ...stream, path: bad }, shared, together, log)
        : await HttpListener.open(
            { kind: 'http', address: { kind: 'unix', path: bad }, ...place },
            shared,
            together,
            log,
            3_600_000,
          ),
    ];
    t.after(async () => {
      for (const listener of listeners) {
        await listener.closeDoor();
        const stopped = listener.stop();
        listener.destroy();
        await stopped;
      }
    });

    const head = `POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: ${2 * unfinishedBytes}\r\n\r\n`;
    const half = Buffer.alloc(unfinishedBytes, `{"request":"`);
    const stuck = Array.from({ length: clients }, () => new Client(t, bad));
    const sent = stuck.map(async ({ socket }) => {
      await once(socket, 'connect');
      if (kind === 'http') socket.write(head);
      await new Promise((resolve) => socket.write(half, resolve));
    });

    const client = new Client(t, good);
    const record = Buffer.from(`{"type":"request","request":{"id":"${'x'.repeat(2_000_000)}"}}\n`);
    let asked = 0;
    const ask = async (): Promise<string> => {
      client.text = '';
      asked++;
      client.socket.write(record);
      await waitFor(`answer ${asked}`, () => client.text.endsWith('\n'));
      return JSON.parse(client.text).code;
    };
    let finished = false;
    void Promise.all(sent).then(() => {
      finished = true;
    });
    // While memory is short its record may be the one that has cost most. It is answered nevertheless, and by no silence.
    while (!finished) assert.match(await ask(), /^(?:no_device|overloaded)$/);
    const taken = clients * unfinishedBytes;
    await waitFor('all is read', () => shared.counters.bytes >= taken + asked * record.length);
    for (let round = 0; round < 3; round++) assert.equal(await ask(), 'no_device');

    assert.ok(shared.counters.refused.overloaded > 0);
    assert.ok(budget.most <= totalBytes + (clients + 1) * longestRead, `${budget.most} bytes were held`);
    for (const { socket } of stuck) socket.destroy();
    await waitFor('they are gone', () => shared.counters.connections === 1);
    assert.equal(budget.sumOf('bytes'), 0);
  });
}
