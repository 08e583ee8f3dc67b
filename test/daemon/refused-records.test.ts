import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const maxRecordBytes = 64 * 1024;

function fileWith(name: string, options: Record<string, unknown>): object {
  return { type: 'file', options: { file_path: `FOLDER/${name}`, write_timeout: '10m', ...options } };
}

/** A daemon with a listener that answers nobody, and a device of each kind of line. */
function start(t: TestContext, limits: Record<string, unknown> = {}): Promise<DaemonProcess> {
  return DaemonProcess.start(t, temporaryDirectory(t), {
    listeners: [{ path: 'FOLDER/ingest.sock', replies: 'none' }],
    devices: {
      'file/': fileWith('audit.log', {}),
      'raw/': fileWith('raw.log', { log_raw: true, prefix: '@cee: ' }),
      'xml/': fileWith('xml.log', { format: 'jsonx' }),
    },
    limits: { max_record_bytes: maxRecordBytes, ...limits },
    // As far as an operator can open a record's members.
    clear_fields: ['code', 'message', 'listener', 'sha256'],
  });
}

interface Refused {
  readonly time: string;
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly listener: string;
  readonly records?: number;
  readonly bytes: number;
  readonly sha256: string;
}

function refused(daemon: DaemonProcess, file = 'audit.log'): Refused[] {
  return daemon
    .lines(file)
    .map((line) => JSON.parse(line.replace('@cee: ', '')) as Refused)
    .filter(({ type }) => type === 'refused');
}

function digest(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

test('what is refused of a sender that cannot be told is a line on every device, with the digest of what came', async (t) => {
  const daemon = await start(t);
  const listener = daemon.socketPath;
  const deep = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)},"secret":"s.token"}`;
  const large = `{"secret":"s.token","pad":"${'x'.repeat(maxRecordBytes)}"}`;
  const huge = 'y'.repeat(5 * maxRecordBytes);
  const half = '{"type":"request","request":{"id":"half';
  const sent = ['s.token', deep, large, huge, half];
  const client = await RecordClient.connect(t, listener);
  client.socket.write(`s.token\n{"request":{"id":"good"}}\r\n${deep}\n`);
  client.socket.write(`${large}\r\n`);
  client.socket.end(`${huge}\n${half}`);
  await waitFor('all are told', () => refused(daemon).length === sent.length);
  assert.deepEqual(
    refused(daemon).map(({ time: _, ...rest }) => rest),
    [
      ['invalid_record', 'not a JSON object at byte 0'],
      ['invalid_record', 'nested deeper than 10000 at byte 10004'],
      ['too_large', `record is longer than max_record_bytes (${maxRecordBytes})`],
      ['too_large', `record is longer than max_record_bytes (${maxRecordBytes})`],
      ['invalid_record', `record ends too early at byte ${half.length}`],
    ].map(([code, message], index) => ({
      type: 'refused',
      code,
      message,
      listener,
      bytes: sent[index]!.length,
      sha256: digest(sent[index]!),
    })),
  );
  for (const { time } of refused(daemon)) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 3_600_000);
  await waitFor(
    'every device has all',
    () => daemon.lines('raw.log').length === 6 && daemon.lines('xml.log').length === 6,
  );
  assert.deepEqual(
    daemon
      .lines('raw.log')
      .map((line) => line.replace('@cee: ', ''))
      .filter((line) => line.includes('"refused"')),
    daemon.lines('audit.log').filter((line) => line.includes('"refused"')),
  );
  for (const [index, line] of daemon
    .lines('xml.log')
    .filter((each) => each.includes('>refused<'))
    .entries()) {
    assert.match(line, new RegExp(`<json:string name="sha256">${digest(sent[index]!)}</json:string>`));
    assert.match(line, new RegExp(`<json:number name="bytes">${sent[index]!.length}</json:number>`));
  }
  assert.equal(await daemon.stop(), 0);
  const warnings = [...daemon.log.matchAll(/warn {2}records refused whose sender cannot be told (.*)/g)];
  assert.match(
    warnings[0]![1]!,
    /^listener=\S+ refused=\d code=invalid_record reason="not a JSON object at byte 0"$/,
  );
  const warned = warnings.map(([text]) => Number(/refused=(\d+)/.exec(text)![1]));
  assert.equal(
    warned.reduce((sum, each) => sum + each, 0),
    5,
  );
  assert.ok(warned.length <= 2, 'at first, and at the end');
});

test('nobody can write such a line by sending it', async (t) => {
  const daemon = await start(t);
  const client = await RecordClient.connect(t, daemon.socketPath);
  const forged = `"code":"too_large","message":"m","listener":"${daemon.socketPath}","bytes":1,"sha256":"${digest('x')}"`;
  client.send(
    `{"time":"2026-11-27T07:00:00Z","type":"refused",${forged}}`,
    `{"t\\u0079pe":"\\u0072efused",${forged}}`,
  );
  for (const file of ['audit.log', 'raw.log', 'xml.log']) {
    await waitFor('they are recorded', () => daemon.lines(file).length === 2);
    for (const line of daemon.lines(file)) {
      assert.doesNotMatch(line, /refused/);
      assert.match(line, /hmac-sha256:[0-9a-f]{64}/);
    }
  }
});

test('a flood of short records that are refused takes few lines, and each record is in one of them', async (t) => {
  const daemon = await start(t);
  const client = await RecordClient.connect(t, daemon.socketPath);
  const count = 60_000;
  const long = `[${'x'.repeat(2_100)}`; // 2 KiB pay for a line.
  client.socket.write('x\n'.repeat(count));
  client.socket.end(`${long}\n`.repeat(100));
  const records = (): number => refused(daemon).reduce((sum, each) => sum + (each.records ?? 1), 0);
  await waitFor('all are told', () => records() === count + 100);
  const lines = refused(daemon);
  assert.equal(lines.filter(({ sha256 }) => sha256 === digest(long)).length, 100, 'one of 2 KiB has its own');
  for (const { records: each = 1, bytes, sha256 } of lines) {
    if (sha256 !== digest(long))
      assert.deepEqual([bytes, sha256], [2 * each - 1, digest('x\n'.repeat(each).slice(0, -1))]);
  }
  const told = daemon.lines('audit.log').join('\n').length;
  assert.ok(told < 2 * (2 * count + 100 * long.length), `${told} bytes are told`);
  const metrics = await daemon.metrics();
  assert.equal(metrics.get('audit_sidecar_records_refused_total{code="invalid_record"}'), count + 100);
});

test('a record that does not end in time is told when its rest has come, or its sender has gone', async (t) => {
  const daemon = await start(t, { record_timeout: '1s' });
  const rests = ['', 'the rest', 'all the rest\nno record'];
  const clients: RecordClient[] = [];
  for (const _ of rests) clients.push(await RecordClient.connect(t, daemon.socketPath));
  for (const client of clients) client.socket.write('{"half":');
  const overdue = 'audit_sidecar_records_refused_total{code="overloaded"}';
  await waitFor('they are refused', async () => (await daemon.metrics()).get(overdue) === rests.length);
  for (const [index, client] of clients.entries()) client.socket.end(rests[index]!);
  const told = (): Refused[] => refused(daemon).filter(({ code }) => code === 'overloaded');
  await waitFor('they are told', () => told().length === rests.length);
  const wholes = rests.map((rest) => `{"half":${rest.split('\n')[0]}`);
  assert.deepEqual(new Set(told().map(({ sha256 }) => sha256)), new Set(wholes.map(digest)));
  for (const { bytes, sha256, message } of told()) {
    assert.equal(bytes, wholes.find((whole) => digest(whole) === sha256)!.length);
    assert.match(message, /^record did not end within record_timeout \(1s\)/);
  }
});
