import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf } from './line-of.ts';

const clear = [
  ...[
    '2024-01-01T00:00:00Z',
    '2024-02-29T23:59:59Z',
    '2000-02-29T00:00:00Z',
    '0000-02-29T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ],
  ...[
    '2024-01-01T3:04:05Z',
    '2024-01-01T9:04:05.5+01:00',
    '2024-01-01T03:04:05,5Z',
    '2024-01-01T03:04:05+24:00',
  ],
  ...[
    '2024-01-01T03:04:05+14:60',
    '2024-01-01T03:04:05-00:00',
    '2024-01-01T03:04:05-24:60',
    '2024-04-30T00:00:00Z',
  ],
  ...[
    '2024-01-01T03:04:05.1234567890123Z',
    '2024-01-01T03:04:05.0+05:30',
    `2024-01-01T03:04:05.${'7'.repeat(100)}Z`,
  ],
];

const hashed = [
  ...[
    '2024-01-01t00:00:00Z',
    '2024-01-01T00:00:00z',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:60Z',
    '2024-01-01T24:00:00Z',
  ],
  ...[
    '2024-01-01T00:00:00+0200',
    '2024-01-01T00:00:00+02',
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
  ],
  ...[
    '2024-04-31T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-32T00:00:00Z',
  ],
  ...[
    '2024-01-01T00:00:00',
    '2024-01-01',
    '',
    ' 2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z ',
    '12024-01-01T00:00:00Z',
  ],
  ...[
    '2024-01-01T00:60:00Z',
    '2024-01-01T:00:00Z',
    '2024-01-01T000:00:00Z',
    '2024-01-01T0:0:00Z',
    '2024-1-01T00:00:00Z',
  ],
  ...[
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00,Z',
    '2024-01-01T00:00:00.5',
    '2024-01-01T00:00:00.5.5Z',
    '2024-01-01T00:00:00ZZ',
  ],
  ...[
    '2024-01-01T00:00:00+25:00',
    '2024-01-01T00:00:00+14:61',
    '2024-01-01T00:00:00+1:00',
    '2024-01-01T00:00:00+01:0',
  ],
  ...[
    '2024-01-01T00:00:00+01:000',
    '2024-01-01T00:00:00Z\n',
    '2024-01-01T00:00:00\u0000Z',
    '２024-01-01T00:00:00Z',
    '2024-01-01T00-00-00Z',
  ],
  ...[
    '2024/01/01T00:00:00Z',
    '2024-01-01T00:00:0aZ',
    '2024-01-01T00:00:00 Z',
    '-024-01-01T00:00:00Z',
    '2024-01-01T25:00:00Z',
  ],
];

function isHashed(value: string, hashTimestamps: boolean = false): boolean {
  const record = `{"time":"","response":{"data":{"a":[${JSON.stringify(value)}]}}}`;
  const line = lineOf(record, { options: { hashTimestamps } });
  assert.ok(line === record || /"hmac-sha256:[0-9a-f]{64}"\]\}\}\}$/.test(line));
  return line !== record;
}

test('a timestamp in data stays readable', () => {
  for (const value of clear) assert.ok(!isHashed(value), value);
});

test('what only resembles a timestamp is hashed', () => {
  for (const value of hashed) assert.ok(isHashed(value), value);
});

test('a device may hash timestamps too', () => {
  for (const value of clear) assert.ok(isHashed(value, true), value);
});

test('the text counts, not its spelling', () => {
  const record = '{"time":"","request":{"data":"\\u0032024-01-01T00\\u003a00:00\\u005a"}}';
  assert.equal(lineOf(record), record);
  assert.match(lineOf('{"time":"","request":{"data":"\\u0032024-01-01T00:00:00\\u007a"}}'), /hmac/);
});

test('a timestamp outside data is hashed like any other string there', () => {
  assert.match(lineOf('{"time":"","unknown":"2024-01-01T00:00:00Z"}'), /"unknown":"hmac-sha256:/);
  assert.match(lineOf('{"time":"","auth":{"client_token":"2024-01-01T00:00:00Z"}}'), /hmac/);
});
