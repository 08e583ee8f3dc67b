import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { HttpRecordClient } from '../support/http-client.ts';
import { countInMemory } from '../support/process-memory.ts';
import { RecordClient } from '../support/record-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { wholeLines } from '../support/whole-lines.ts';

const secret = 'hvs.LargeSecretThatNobodyMaySee-5a1f';

/**
 * Newer releases of Node copy what they read out of a block that they free as it is: where a large record came in many
 * reads, one such block may lie unused for long. What this program holds itself is wiped on all of them.
 */
const readsAreOurs = Number(process.versions.node.split('.')[0]) < 22;

/**
 * The secret, and about 1.5 MiB of other text in 300 keys. Where Node copies what it reads out of a block of its own, all but
 * the beginning of a long read may stay there; that the rest is wiped where we have it, other tests show.
 */
function largeRecord(id: string): string {
  const data = Object.fromEntries(
    Array.from({ length: 300 }, (_, key) => [`k${key}`, `${'x'.repeat(5_000)}${key}`]),
  );
  return JSON.stringify({ time: '', type: 'request', request: { id, data: { secret, ...data } } });
}

function smallRecord(id: string): string {
  return JSON.stringify({ time: '', type: 'request', request: { id, data: { secret } } });
}

interface Line {
  readonly request: { readonly id: string; readonly data: Readonly<Record<string, string>> };
}

test('large records are recorded by every device as small ones are, in their place, and leave nothing in memory of ours', async (t) => {
  const folder = temporaryDirectory(t);
  const device = (name: string) => ({
    type: 'file',
    options: { file_path: `FOLDER/${name}.log`, write_timeout: '10m' },
  });
  const daemon = await DaemonProcess.start(t, folder, {
    listeners: [{ path: 'FOLDER/ingest.sock' }, { http: { path: 'FOLDER/http.sock' } }],
    require: 'all',
    devices: { 'one/': device('one'), 'two/': device('two') },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(smallRecord('1'), largeRecord('2'), smallRecord('3'), largeRecord('4'));
  assert.deepEqual(
    (await client.replied(4)).map(({ ok }) => ok),
    [true, true, true, true],
  );
  const poster = new HttpRecordClient(t, path.join(folder, 'http.sock'));
  assert.equal((await poster.post(`${largeRecord('5')}\n${smallRecord('6')}`)).status, 204);
  for (const name of ['one', 'two']) {
    const text = readFileSync(path.join(folder, `${name}.log`), 'utf8');
    assert.equal(text.includes(secret), false);
    const lines = wholeLines(text).map((line) => JSON.parse(line) as Line);
    assert.deepEqual(
      lines.map(({ request }) => request.id),
      ['1', '2', '3', '4', '5', '6'],
    );
    const hash = lines[0]!.request.data['secret']!;
    assert.match(hash, /^hmac-sha256:/);
    for (const { request } of lines) assert.equal(request.data['secret'], hash);
    assert.equal(new Set(Object.values(lines[1]!.request.data)).size, 301, 'each text has its own hash');
  }
  // The parser of HTTP has a block of its own, which the next request fills; what is kept, or freed without being wiped, stays.
  const filler = JSON.stringify({ error: 'x'.repeat(60_000) });
  let fillers = 0;
  await waitFor('nothing of it is in memory', async () => {
    client.send(filler);
    assert.equal((await poster.post(filler)).status, 204);
    await client.replied(4 + ++fillers);
    // The path of the log shows that the memory was read.
    const [seen, left] = countInMemory(daemon.pid, ['one.log', secret.slice(4, 24)]);
    assert.ok(seen! > 0);
    return left === 0 || !readsAreOurs;
  });
  assert.equal(await daemon.stop(), 0);
});
