import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter, recordStatus, type ScannedBatch } from '../../format/formatter.ts';
import { emptyRecordPolicy } from '../../format/line-options.ts';

const formatter = new Formatter(emptyRecordPolicy);

function scanned<T>(record: string | Buffer, look: (batch: ScannedBatch) => T): T {
  const batch = formatter.scan([Buffer.from(record), Buffer.from('\n')], 'apply', 0);
  try {
    assert.equal(batch.records, 1);
    return look(batch);
  } finally {
    batch.release();
  }
}

function accepts(record: string | Buffer): void {
  scanned(record, (batch) => assert.equal(batch.statuses[0], recordStatus.kept, record.toString()));
}

function refuses(record: string | Buffer, offset: number, message: string): void {
  scanned(record, (batch) => {
    assert.equal(batch.statuses[0], recordStatus.invalid, record.toString());
    assert.deepEqual(batch.problem(0), { offset, message }, record.toString());
    assert.deepEqual(batch.describe(0), { id: '', type: '' });
    assert.equal(batch.kept, 0);
  });
}

test('every number that RFC 8259 allows is taken', () => {
  for (const number of [
    '0',
    '-0',
    '10',
    '-1.5',
    '0.25',
    '1e5',
    '1E+05',
    '2.5e-0',
    '1e999',
    '9'.repeat(400),
  ]) {
    accepts(`{"a":${number}}`);
  }
});

test('a malformed number is refused at the first byte that cannot be part of it', () => {
  refuses('{"a":01}', 6, 'malformed number');
  refuses('{"a":-}', 6, 'malformed number');
  refuses('{"a":-01}', 7, 'malformed number');
  refuses('{"a":1.}', 7, 'malformed number');
  refuses('{"a":1.e1}', 7, 'malformed number');
  refuses('{"a":1e}', 7, 'malformed number');
  refuses('{"a":1e+}', 8, 'malformed number');
  refuses('{"a":.5}', 5, 'a value is wanted');
  refuses('{"a":+1}', 5, 'a value is wanted');
  refuses('{"a":0x1}', 6, 'a comma or the closing bracket is wanted');
  refuses('{"a":1 2}', 7, 'a comma or the closing bracket is wanted');
  refuses('{"a":NaN}', 5, 'a value is wanted');
  refuses('{"a":1', 6, 'record ends too early');
});

test('literals are taken in lower case only', () => {
  accepts('{"a":true,"b":false,"c":null,"d":[true,false,null]}');
  refuses('{"a":True}', 5, 'a value is wanted');
  refuses('{"a":trux}', 8, 'malformed literal');
  refuses('{"a":fals}', 9, 'malformed literal');
  refuses('{"a":nul', 8, 'record ends too early');
});

test('strings hold every escape of RFC 8259 and no other, and no control character', () => {
  accepts('{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\\ud800"}');
  accepts('{"":"\u007f"}');
  refuses('{"a":"\\x"}', 7, 'malformed escape in string');
  refuses('{"a":"\\u12G4"}', 10, 'malformed escape in string');
  refuses('{"a":"\\u123"}', 11, 'malformed escape in string');
  refuses('{"a":"\t"}', 6, 'control character in string');
  refuses(`{"${'k'.repeat(40)}\u001f":1}`, 42, 'control character in string');
  refuses('{"a":"\\', 7, 'record ends too early');
  refuses('{"a":"b', 7, 'record ends too early');
  refuses(`{"a":"${'b'.repeat(100)}`, 106, 'record ends too early');
});

test('a record is one object and nothing else', () => {
  accepts('{}');
  accepts(' \t {} \t');
  refuses('[]', 0, 'not a JSON object');
  refuses('"a"', 0, 'not a JSON object');
  refuses('  1', 2, 'not a JSON object');
  refuses('   ', 3, 'record ends too early');
  refuses('\ufeff{}', 0, 'not a JSON object');
  refuses('{}{}', 2, 'text after the object');
  refuses('{} ,', 3, 'text after the object');
  refuses('{"a":1}}', 7, 'text after the object');
});

test('members and elements are separated by one comma, names are strings', () => {
  accepts('{ "a" : [ 1 , 2 , [ ] , { } ] , "a" : 1 }');
  refuses('{"a":1,}', 7, 'a name in double quotes is wanted');
  refuses('{,}', 1, 'a name in double quotes is wanted');
  refuses('{a:1}', 1, 'a name in double quotes is wanted');
  refuses("{'a':1}", 1, 'a name in double quotes is wanted');
  refuses('{"a" 1}', 5, 'a colon is wanted');
  refuses('{"a":}', 5, 'a value is wanted');
  refuses('{"a":[1,]}', 8, 'a value is wanted');
  refuses('{"a":[1}', 7, 'a comma or the closing bracket is wanted');
  refuses('{"a":{"b":1]}', 11, 'a comma or the closing bracket is wanted');
  refuses('{"a":1/**/}', 6, 'a comma or the closing bracket is wanted');
  refuses('{"a":\f1}', 5, 'a value is wanted');
  refuses('{', 1, 'record ends too early');
});

test('every code point in UTF-8 is taken', () => {
  accepts('{"a":"\u0080\u07ff\u0800\ud7ff\ue000\ufffd\ufffe\uffff\u{10000}\u{10ffff}"}');
});

test('bytes that are not UTF-8 are refused at the start of the sequence', () => {
  const sequences: readonly (readonly number[])[] = [
    [0x80], // a continuation on its own
    [0xbf],
    [0xc0, 0x80], // overlong
    [0xc1, 0xbf],
    [0xe0, 0x80, 0x80],
    [0xe0, 0x9f, 0xbf],
    [0xf0, 0x80, 0x80, 0x80],
    [0xf0, 0x8f, 0xbf, 0xbf],
    [0xed, 0xa0, 0x80], // surrogates
    [0xed, 0xbf, 0xbf],
    [0xf4, 0x90, 0x80, 0x80], // beyond U+10FFFF
    [0xf5, 0x80, 0x80, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xfe],
    [0xff],
    [0xc3], // cut short
    [0xe2, 0x82],
    [0xf0, 0x9f, 0x98],
    [0xe2, 0x28, 0xa1],
  ];
  for (const sequence of sequences) {
    for (const before of ['', 'x'.repeat(9), 'x'.repeat(17), '\u{1f600}é']) {
      const start = Buffer.from(`{"a":"${before}`);
      refuses(Buffer.concat([start, Buffer.from(sequence), Buffer.from('"}')]), start.length, 'not UTF-8');
    }
  }
  refuses(Buffer.from([0x7b, 0xc3]), 1, 'not UTF-8');
  refuses(Buffer.from('{"a":"\xff"}]', 'latin1'), 6, 'not UTF-8');
  refuses(Buffer.from('{"a":1]"\xff"}', 'latin1'), 6, 'a comma or the closing bracket is wanted');
});

test('10,000 levels are taken as in Go, the next is refused at its bracket, and no depth ends the process', () => {
  const deep = 'nested deeper than 10000';
  /** What may stand around the nesting: in data, in headers, where everything is hashed, and where nothing is. */
  for (const [start, end, before] of [
    ['{"request":{"data":', '}}', 2],
    ['{"request":{"data":{"x":', '}}}', 3],
    ['{"response":{"data":{"keys":', '}}}', 3],
    ['{"response":{"data":{"key_info":', '}}}', 3],
    ['{"request":{"headers":{"x":', '}}}', 3],
    ['{"auth":{"metadata":{"x":', '}}}', 3],
    ['{"a":', '}', 1],
  ] as const) {
    for (const [open, close, levels] of [
      ['[', ']', 1],
      ['{"a":', '}', 1],
      ['[{"a":', '}]', 2],
      ['{"a":[', ']}', 2],
    ] as const) {
      // Brackets that come in pairs may leave room for one more.
      const pairs = Math.floor((10_000 - before) / levels);
      const more = '['.repeat((10_000 - before) % levels);
      const less = ']'.repeat(more.length);
      const full = start + open.repeat(pairs) + more;
      accepts(`${full}1${less}${close.repeat(pairs)}${end}`);
      refuses(`${full}[1]${less}${close.repeat(pairs)}${end}`, full.length, deep);
      refuses(`${full}{}`, full.length, deep);
    }
  }
  refuses('{"a":'.repeat(200_000), 10_000 * '{"a":'.length, deep);
  refuses(`{"a":${'['.repeat(1_000_000)}`, 5 + 9_999, deep);
});

test('what is inside deep nesting is held to the same rules, at every level', () => {
  const levels = 9_990;
  for (const [inside, at, message] of [
    ['[1 2]', 3, 'a comma or the closing bracket is wanted'],
    ['[1}', 2, 'a comma or the closing bracket is wanted'],
    ['[1,]', 3, 'a value is wanted'],
    ['[}', 1, 'a value is wanted'],
    ['{"a":1,}', 7, 'a name in double quotes is wanted'],
    ['{"a" 1}', 5, 'a colon is wanted'],
    ['{"a":1]', 6, 'a comma or the closing bracket is wanted'],
    ['{]', 1, 'a name in double quotes is wanted'],
    ['{"a":[{}}', 8, 'a comma or the closing bracket is wanted'],
  ] as const) {
    const before = `{"request":{"data":${'['.repeat(levels)}`;
    refuses(`${before}${inside}${']'.repeat(levels)}}}`, before.length + at, message);
  }
  const before = `{"request":{"data":${'['.repeat(levels)}${'['.repeat(3)}`;
  refuses(`${before}]]}`, before.length + 2, 'a comma or the closing bracket is wanted');
});

test('a path of the policy that is as long as one may be, and nesting beyond it', () => {
  const names = 500;
  const policy = {
    ...emptyRecordPolicy,
    clearFields: [Array(names).fill('a').join('.'), `b${'[]'.repeat(500)}`],
  };
  const record = (open: string, close: string): Buffer =>
    Buffer.from(`${open.repeat(9_999)}"x"${close.repeat(9_999)}`);
  for (const bytes of [record('{"a":', '}'), Buffer.from(`{"b":${record('[', ']').toString()}}`)]) {
    const batch = new Formatter(policy).scan([bytes], 'apply', 0);
    assert.deepEqual([...batch.statuses], [0]);
    batch.release();
  }
});

test('a bad record harms only itself', () => {
  const records = ['{"type":"a"}', '{"type":', '{"type":"b"}', '', '[1]\r', '{"type":"c"}'];
  const batch = formatter.scan([Buffer.from(records.join('\n'))], 'apply', 0);
  assert.deepEqual([...batch.statuses], [0, 1, 0, 1, 0]);
  assert.deepEqual([batch.records, batch.kept], [5, 3]);
  assert.deepEqual(
    [0, 2, 4].map((record) => batch.describe(record).type),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    [0, 1, 3].map((record) => batch.lengthOf(record)),
    [12, 8, 3],
  );
  assert.throws(() => batch.problem(0), RangeError);
  assert.throws(() => batch.lengthOf(5), RangeError);
  batch.release();
  assert.deepEqual([...batch.statuses], [0, 1, 0, 1, 0]);
  assert.throws(() => batch.describe(0), /released/);
});

test('a problem never quotes the record', () => {
  for (const record of ['{"secret":hunter2}', 'hunter2', '{"hunter2" "x"}', '{"a":"hunter2\\q"}']) {
    scanned(record, (batch) => assert.doesNotMatch(batch.problem(0).message, /hunter2/));
  }
});
