import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter } from '../../format/formatter.ts';
import { emptyRecordPolicy } from '../../format/line-options.ts';
import { lineOf, linesOf } from './line-of.ts';

/** Half a pair, in each spelling and at each end of both ranges. */
const halves = ['\\ud800', '\\uDBFF', '\\udc00', '\\uDFFF', '\\uDaBc', '\\udEaD'];

/** What jq and other strict readers do not take: text with a half in it, once it is read. */
function isWellFormed(line: string): boolean {
  let whole = true;
  JSON.parse(line, (key, value: unknown) => {
    for (const text of [key, value])
      if (typeof text === 'string' && /\p{Surrogate}/u.test(text)) whole = false;
    return value;
  });
  return whole;
}

const hashes = /hmac-sha256:[0-9a-f]{64}/g;

test('an escape of half a surrogate pair that is copied is written as U+FFFD, in as many bytes', () => {
  for (const half of halves) {
    const record = (text: string): string =>
      `{"time":"","request":{"id":"s","path":"secret/${text}x","namespace":{"${text}":["${text}${text}","\\\\${text}"]}},"error":"${text}"}`;
    const line = lineOf(record(half));
    assert.equal(line, record('\\ufffd'));
    assert.ok(isWellFormed(line));
    assert.equal(line.length, record(half).length);
  }
});

test('keys too, wherever they stand, also where every string is hashed', () => {
  for (const half of halves) {
    const record = (key: string, value: string): string =>
      `{"time":"","${key}":1,"request":{"headers":{},"${key}k":"${value}","data":{"${key}":{"k${key}":["${value}"]}}},"response":{"data":{"keys":[{"${key}":1}],"key_info":{"${key}":{}}}}}`;
    assert.equal(lineOf(record(half, 'v')).replaceAll(hashes, '#'), record('\\ufffd', '#'));
  }
});

test('everything else keeps its spelling: pairs, U+FFFD, escaped backslashes before such letters', () => {
  const record =
    '{"time":"","request":{"path":"\\ud83d\\ude00\\uD83D\\uDE00\\ufffd\\uFFFD\\\\ud800\\ud7ff\\ue000\\u00d8\\n\\/","id":"\\\\\\\\udc00"}}';
  assert.equal(lineOf(record), record);
  const around = (text: string): string => `{"time":"","error":"${text}"}`;
  for (const [text, written] of [
    ['\\ud800\\ud83d\\ude00\\udc00', '\\ufffd\\ud83d\\ude00\\ufffd'],
    ['\\ud800\\n\\udc00', '\\ufffd\\n\\ufffd'],
    ['\\ud800\\\\udc00', '\\ufffd\\\\udc00'],
    ['\\udc00\\ud800', '\\ufffd\\ufffd'],
    ['\\ud800\\ud800\\udc00', '\\ufffd\\ud800\\udc00'],
  ] as const) {
    assert.equal(lineOf(around(text)), around(written));
  }
});

test('the raw line has none either, nor has a readable accessor; a hash is of U+FFFD', () => {
  for (const half of halves) {
    const record = (text: string): string =>
      `{"time":"","auth":{"client_token":"t${text}","accessor":"a${text}"},"request":{"data":{"x":"${text}"}},"other":"${text}"}`;
    assert.equal(lineOf(record(half), { options: { logRaw: true } }), record('\\ufffd'));
    assert.equal(lineOf(record(half)), lineOf(record('\\ufffd')));
    assert.match(lineOf(record(half), { options: { hmacAccessor: false } }), /"accessor":"a\\ufffd"/);
  }
});

test('headers that are not audited are dropped with what is in them, and audited ones are written well', () => {
  const policy = { auditedHeaders: new Map([['x-audited', { hmac: false }]]) };
  const line = lineOf(
    '{"time":"","request":{"headers":{"a\\ud800":["\\ud800",{"\\ud800":"\\udc00"}],"x-audited":["v\\ud800"],"b":["\\ud800"]},"path":"\\ud800"}}',
    { policy },
  );
  assert.equal(line, '{"time":"","request":{"headers":{"x-audited":["v\\ufffd"]},"path":"\\ufffd"}}');
});

test('a list that becomes its count takes what is in it along, and what follows is written well', () => {
  const line = lineOf(
    '{"time":"","type":"response","request":{"operation":"list"},"response":{"data":{"keys":["\\ud800"],"key_info":{"\\ud800":{"\\ud800":1}}},"redirect":"\\ud800"}}',
    { options: { elideListResponses: true, logRaw: true } },
  );
  assert.match(line, /"keys":1,"key_info":1\},"redirect":"\\ufffd"/);
});

test('records apart only in such an escape are told apart by their id', () => {
  const record = (id: string, half: string): string =>
    `{"time":"","request":{"id":"${id}","path":"${half}"}}`;
  const lines = linesOf([record('1', '\\ud800'), record('2', '\\udc00')]);
  assert.deepEqual(lines, [record('1', '\\ufffd'), record('2', '\\ufffd')]);
});

test('the id that the daemon repeats in replies and in its log is well formed, too', () => {
  const batch = new Formatter(emptyRecordPolicy).scan(
    [Buffer.from('{"request":{"id":"a\\ud800"}}')],
    'apply',
    0,
  );
  assert.equal(batch.describe(0).id, 'a\ufffd');
  batch.release();
});
