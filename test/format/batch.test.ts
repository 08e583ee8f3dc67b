import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter } from '../../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import { testSalt } from './line-of.ts';

const formatter = new Formatter(emptyRecordPolicy);
const line = formatter.line(defaultLineOptions, testSalt);

function rendered(
  chunks: readonly string[],
  maxLineBytes: number = Number.POSITIVE_INFINITY,
): { text: string; ends: number[]; records: number } {
  const batch = formatter.scan(
    chunks.map((chunk) => Buffer.from(chunk)),
    'apply',
    0,
  );
  const { bytes, ends } = line.render(batch, maxLineBytes);
  const { records } = batch;
  batch.release();
  return { text: bytes.toString(), ends: [...ends], records };
}

test('records end with a newline, with a return before it, or with the batch', () => {
  const two = '{"time":1}\n{"time":2}\n';
  for (const input of [
    two,
    '{"time":1}\r\n{"time":2}',
    '{"time":1}\n{"time":2}\r\n',
    '\n\r\n{"time":1}\n\n\r\n{"time":2}\n\n',
  ]) {
    assert.deepEqual(rendered([input]), { text: two, ends: [11, 22], records: 2 });
  }
});

test('chunks may split anywhere', () => {
  const input = '{"time":"ä\u{1f600}\\u00e4","type":"\\""}\n{"time":2}\n';
  const bytes = Buffer.from(input);
  for (let at = 0; at <= bytes.length; at++) {
    const batch = formatter.scan([bytes.subarray(0, at), bytes.subarray(at)], 'apply', 0);
    assert.equal(line.render(batch, 1000).bytes.toString(), input);
    batch.release();
  }
});

test('nothing gives no records', () => {
  for (const input of ['', '\n', '\r\n\n', '\r']) {
    assert.deepEqual(rendered([input]), { text: '', ends: [], records: 0 });
  }
  assert.deepEqual(rendered([]), { text: '', ends: [], records: 0 });
});

test('a line longer than the limit is empty, its newline and prefix counted', () => {
  const input = '{"time":1}\n{"time":12}\n{"time":1}\n';
  assert.deepEqual(rendered([input], 12), { text: input, ends: [11, 23, 34], records: 3 });
  assert.deepEqual(rendered([input], 11), {
    text: '{"time":1}\n{"time":1}\n',
    ends: [11, 11, 22],
    records: 3,
  });
  for (const nothing of [0, -1]) {
    assert.deepEqual(rendered([input], nothing), { text: '', ends: [0, 0, 0], records: 3 });
  }
  for (const everything of [0xffff_ffff, 0x1_0000_000a]) {
    assert.equal(rendered([input], everything).text, input);
  }
  const prefixed = formatter.line({ ...defaultLineOptions, prefix: 'ab' }, testSalt);
  const batch = formatter.scan([Buffer.from(input)], 'apply', 0);
  assert.deepEqual([...prefixed.render(batch, 13).ends], [13, 13, 26]);
  batch.release();
});

test('rendered bytes stay as they are when the next batch is rendered', () => {
  const batch = formatter.scan([Buffer.from('{"time":1}\n')], 'apply', 0);
  const first = line.render(batch, 1000);
  batch.release();
  assert.equal(rendered(['{"time":2}']).text, '{"time":2}\n');
  assert.equal(first.bytes.toString(), '{"time":1}\n');
});

test('id and type are told decoded, and only when they are strings', () => {
  const records = [
    '{"type":"resp\\u006fnse","request":{"id":"a\\"\\u00e9\u{1f600}"}}',
    '{"type":1,"request":{"id":null}}',
    '{"id":"x","request":"y"}',
    '{"request":{"id":"a"},"request":{"id":"b","id":"c"},"type":"d","type":"e"}',
    '{"request":{"id":"a"},"request":[]}',
    '{"request":{"data":{"id":"a","type":"b"}}}',
  ];
  const batch = formatter.scan([Buffer.from(records.join('\n'))], 'apply', 0);
  assert.deepEqual(
    records.map((_, record) => batch.describe(record)),
    [
      { id: 'a"é\u{1f600}', type: 'response' },
      { id: '', type: '' },
      { id: '', type: '' },
      { id: 'c', type: 'e' },
      { id: '', type: '' },
      { id: '', type: '' },
    ],
  );
  batch.release();
});

test('devices of one batch have their own salts and options', () => {
  const other = formatter.line({ ...defaultLineOptions, hmacAccessor: false }, 'another salt');
  const batch = formatter.scan(
    [Buffer.from('{"time":1,"auth":{"client_token":"a","accessor":"b"}}')],
    'apply',
    0,
  );
  const [first, second, again] = [line, other, line].map((format) =>
    format.render(batch, 1000).bytes.toString(),
  );
  batch.release();
  assert.equal(first, again);
  assert.match(second!, /"accessor":"b"/);
  assert.notEqual(first!.slice(0, 80), second!.slice(0, 80));
});

test('a prefix that is too long is refused', () => {
  assert.throws(
    () => formatter.line({ ...defaultLineOptions, prefix: 'x'.repeat(65_537) }, testSalt),
    /Cannot use prefix/,
  );
  const long = formatter.line({ ...defaultLineOptions, prefix: 'x'.repeat(65_536) }, testSalt);
  const batch = formatter.scan([Buffer.from('{"time":1}')], 'apply', 0);
  assert.equal(long.render(batch, 100_000).bytes.toString(), `${'x'.repeat(65_536)}{"time":1}\n`);
  batch.release();
});
