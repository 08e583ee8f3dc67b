import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { RecordClient } from '../../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../../support/records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { finishedLines, linesSoFar } from '../../support/whole-lines.ts';
import { callAdmin } from './admin-client.ts';

const perSecond = 20_000;

test('devices come and go under 20,000 records a second, and nothing acknowledged is lost', async (t) => {
  const folder = temporaryDirectory(t);
  const socketPath = path.join(folder, 'admin.sock');
  const daemon = await DaemonProcess.start(t, folder, {
    admin: { path: socketPath, file_roots: [folder] },
    devices: {},
  });
  const file = (name: string): string => path.join(folder, `${name}.log`);
  const enable = async (name: string): Promise<void> => {
    // The disk makes records wait in the queue: a device that goes has some that it must not write any more.
    const device = { type: 'file', options: { file_path: file(name), sync: 'data' } };
    const reply = await callAdmin({ socketPath }, 'POST', `/v1/sys/audit/${name}`, device);
    assert.equal(reply.status, 204, reply.text);
  };
  const disable = async (name: string): Promise<number> => {
    const reply = await callAdmin({ socketPath }, 'DELETE', `/v1/sys/audit/${name}`);
    // Before anything else runs here: what the daemon writes from now on would show.
    const { size } = statSync(file(name));
    assert.equal(reply.status, 204, reply.text);
    return size;
  };

  await enable('one');
  const client = await RecordClient.connect(t, daemon.socketPath);
  let sent = 0;
  let sending = true;
  // Also when an assertion ends the test early.
  t.after(() => {
    sending = false;
  });
  const sender = (async () => {
    const start = performance.now();
    while (sending) {
      // What is due by now, in one piece; a machine that cannot keep up gets pieces, not a heap.
      const due = Math.floor(((performance.now() - start) / 1000) * perSecond) - sent;
      const count = Math.min(Math.max(due, 0), 1000);
      if (count > 0)
        client.send(...Array.from({ length: count }, (_, index) => numberedRecord(sent + index)));
      sent += count;
      await delay(5);
      await waitFor('the daemon keeps up', () => client.socket.writableLength < 1024 * 1024);
    }
    return performance.now() - start;
  })();

  // No device is there from start to end, so that the union of both files is all that there is.
  const sizes = new Map<string, number>();
  const recordsMore = async (count: number): Promise<void> => {
    const from = sent;
    await waitFor('more records are sent', () => sent >= from + count);
  };
  for (let round = 0; round < 12; round++) {
    const [coming, going] = round % 2 === 0 ? (['two', 'one'] as const) : (['one', 'two'] as const);
    await recordsMore(2000);
    const idle = sizes.get(coming);
    if (idle !== undefined)
      assert.equal(statSync(file(coming)).size, idle, `${coming} got nothing meanwhile`);
    await enable(coming);
    await recordsMore(1000);
    sizes.set(going, await disable(going));
  }
  sending = false;
  const lasted = await sender;
  const replies = await client.replied(sent);
  t.diagnostic(`${sent} records, ${Math.round(sent / (lasted / 1000))} a second`);

  assert.equal(replies.length, sent, 'every record has its reply');
  const recorded = new Set<number>();
  for (const name of ['one', 'two']) {
    // A record that was answered without it may still be under way there.
    for (const number of recordNumbers(linesSoFar(file(name)))) recorded.add(number);
  }
  const lost = replies.flatMap(({ ok }, number) => (ok && !recorded.has(number) ? [number] : []));
  assert.deepEqual(lost, []);
  const refused = replies.filter(({ ok }) => !ok);
  assert.ok(refused.length < sent / 2, `${refused.length} of ${sent} records were refused`);
  // Only what the device that went had alone, and had not written, may be refused.
  assert.deepEqual(
    [...new Set(refused.map(({ code }) => code))].filter((code) => code !== 'not_recorded'),
    [],
  );
  assert.equal(await daemon.stop(), 0);
  for (const name of ['one', 'two']) assert.ok(finishedLines(file(name)).length > 0);
});
