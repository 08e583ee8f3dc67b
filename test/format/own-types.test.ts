import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Formatter } from '../../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy, type LineOptions } from '../../format/line-options.ts';

function lineOf(record: string, options: Partial<LineOptions>, ownTypes = false): string {
  // As an operator could open what our own lines have.
  const policy = { ...emptyRecordPolicy, clearFields: ['code', 'message', 'listener', 'sha256'], ownTypes };
  const formatter = new Formatter(policy);
  const batch = formatter.scan([Buffer.from(record)], 'apply', 0);
  const lines = formatter.line({ ...defaultLineOptions, ...options }, 'salt').render(batch, 10_000);
  batch.release();
  return lines.bytes.toString();
}

const spellings = [
  '"refused"',
  '"\\u0072efused"',
  '"refuse\\u0064"',
  '"\\u0072\\u0065\\u0066\\u0075\\u0073\\u0065\\u0064"',
];
const kinds: readonly Partial<LineOptions>[] = [
  {},
  { logRaw: true },
  { format: 'jsonx' },
  { format: 'jsonx', logRaw: true },
];

test('a record that has the type of our own lines has it hashed on every device, however it is spelt', () => {
  for (const options of kinds) {
    for (const spelling of spellings) {
      for (const record of [
        `{"time":1,"type":${spelling},"code":"too_large"}`,
        `{"type":${spelling},"type":"request"}`,
        `{"type":"request","type":${spelling}}`,
        `{"t\\u0079pe":${spelling}}`,
      ]) {
        const line = lineOf(record, options);
        assert.match(line, /hmac-sha256:[0-9a-f]{64}/, `${record} ${JSON.stringify(options)}`);
        assert.doesNotMatch(line, /refused|\\u00(?!79)/, record);
      }
    }
  }
});

test('other types stay readable, and the word elsewhere is treated by its path', () => {
  for (const type of [
    '"refuse"',
    '"refusedd"',
    '"Refused"',
    '""',
    '"requested"',
    '"refused "',
    '1',
    'null',
    '["refused"]',
  ]) {
    assert.match(
      lineOf(`{"type":${type},"code":"x"}`, { logRaw: true }),
      new RegExp(`"type":${type.replaceAll(/[[\]]/g, '\\$&')},"code"`),
    );
  }
  assert.match(lineOf('{"error":"refused","request":{"type":"x"}}', {}), /"error":"refused"/);
});

test('our own lines have their type readable', () => {
  const record = '{"time":1,"type":"refused","code":"too_large","bytes":3}';
  for (const options of [{}, { logRaw: true }]) assert.equal(lineOf(record, options, true), `${record}\n`);
});

test('the digest is of the record as it came, without its line end', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const records = ['{"a":"\\u0041"}', ' [1]', 'x', `{"b":"${'y'.repeat(5_000)}"`];
  const batch = formatter.scan([Buffer.from(`${records.join('\r\n\n')}`)], 'apply', 0);
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  for (const [index, record] of records.entries()) assert.equal(batch.digestOf([index]), sha256(record));
  assert.equal(batch.digestOf([1, 2, 3]), sha256(records.slice(1).join('\n')));
  assert.equal(batch.digestOf([]), sha256(''));
  assert.throws(() => batch.digestOf([4]), RangeError);
  batch.release();
  assert.throws(() => batch.digestOf([0]), /released/);
});
