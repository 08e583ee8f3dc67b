import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { LineOptions } from '../../format/line-options.ts';
import { lineOf, testSalt } from './line-of.ts';

const auditedHeaders = new Map([
  ['user-agent', { hmac: false }],
  ['x-forwarded-for', { hmac: true }],
  ['x-"odd"\u00e9', { hmac: false }],
]);

function hmac(value: string): string {
  return `hmac-sha256:${createHmac('sha256', testSalt).update(value).digest('hex')}`;
}

/** What becomes of `request.headers`. */
function headersOf(
  headers: string,
  setting: { as_is?: boolean; options?: Partial<LineOptions> } = {},
): string {
  const line = lineOf(`{"time":"","request":{"headers":${headers},"id":"x"}}`, {
    policy: { auditedHeaders },
    headers: setting.as_is ? 'as_is' : 'apply',
    options: setting.options ?? {},
  });
  const before = '{"time":"","request":{"headers":';
  const after = ',"id":"x"}}';
  assert.ok(line.startsWith(before) && line.endsWith(after), line);
  return line.slice(before.length, -after.length);
}

test('headers that are not in the table are left out, with their commas', () => {
  const agent = '"user-agent":["curl"]';
  const other = '"Authorization":["Bearer hunter2"]';
  assert.equal(headersOf(`{${agent},${other}}`), `{${agent}}`);
  assert.equal(headersOf(`{${other},${agent}}`), `{${agent}}`);
  assert.equal(headersOf(`{${other},${agent},${other}}`), `{${agent}}`);
  assert.equal(headersOf(`{${agent},${other},${agent}}`), `{${agent},${agent}}`);
  assert.equal(headersOf(`{${agent},${other},${other},${agent},${agent}}`), `{${agent},${agent},${agent}}`);
  assert.equal(headersOf(`{${other}}`), '{}');
  assert.equal(headersOf(`{ ${other} , ${other} }`), '{}');
  assert.equal(headersOf('{}'), '{}');
});

test('without a table no header is written', () => {
  const record = '{"time":"","request":{"headers":{"a":["b"],"c":"d"}}}';
  assert.equal(lineOf(record), '{"time":"","request":{"headers":{}}}');
  assert.equal(lineOf(record, { options: { logRaw: true } }), '{"time":"","request":{"headers":{}}}');
});

test('names are written in lower case, whatever their case and spelling', () => {
  assert.equal(
    headersOf('{"User-Agent":["a"],"USER-AGENT":["b"]}'),
    '{"user-agent":["a"],"user-agent":["b"]}',
  );
  assert.equal(headersOf('{"\\u0055ser-\\u0061gent":["a"]}'), '{"user-agent":["a"]}');
  assert.equal(headersOf('{"X-\\"Odd\\"é":["a"]}'), '{"x-\\"odd\\"é":["a"]}');
  assert.equal(headersOf('{"X-\\"Odd\\"É":["a"]}'), '{}');
});

test('hmac: true hashes each value, timestamps and empty ones too', () => {
  assert.equal(
    headersOf('{"X-Forwarded-For":["10.0.0.1","","2024-01-01T00:00:00Z"],"user-agent":["10.0.0.1"]}'),
    `{"x-forwarded-for":["${hmac('10.0.0.1')}","${hmac('')}","${hmac('2024-01-01T00:00:00Z')}"],"user-agent":["10.0.0.1"]}`,
  );
});

test('what is not a string directly in the array is hashed', () => {
  const value = '["a",["b"],{"c":"d","e":["f"]},1,null]';
  const hashed = `["a",["${hmac('b')}"],{"c":"${hmac('d')}","e":["${hmac('f')}"]},1,null]`;
  assert.equal(headersOf(`{"user-agent":${value}}`), `{"user-agent":${hashed}}`);
  assert.equal(headersOf('{"user-agent":"a"}'), `{"user-agent":"${hmac('a')}"}`);
  assert.equal(headersOf('{"user-agent":{"a":["b"]}}'), `{"user-agent":{"a":["${hmac('b')}"]}}`);
  assert.equal(headersOf('{"x-forwarded-for":"a"}'), `{"x-forwarded-for":"${hmac('a')}"}`);
});

test('headers that are no object are hashed like any other path', () => {
  assert.equal(headersOf('"a"'), `"${hmac('a')}"`);
  assert.equal(headersOf('["a",{"user-agent":["b"]}]'), `["${hmac('a')}",{"user-agent":["${hmac('b')}"]}]`);
  assert.equal(headersOf('null'), 'null');
});

test('the table counts for log_raw devices too', () => {
  const options = { logRaw: true };
  assert.equal(
    headersOf('{"User-Agent":["a",["b"]],"X-Forwarded-For":["c",["d"]],"Cookie":["e"]}', { options }),
    `{"user-agent":["a",["b"]],"x-forwarded-for":["${hmac('c')}",["${hmac('d')}"]]}`,
  );
});

test('as_is leaves the headers as the sender wrote them', () => {
  const headers =
    '{"User-Agent":["a",["b"]],"Cookie":[{"x":"hmac-sha256:00"}],"y":"z","x-forwarded-for":["1"],"user-agent":[["c"]]}';
  assert.equal(headersOf(headers, { as_is: true }), headers);
  assert.equal(headersOf('"a"', { as_is: true }), '"a"');
});

test('the headers of a response are no request headers', () => {
  const record = '{"time":"","response":{"headers":{"Content-Type":["a"]}}}';
  assert.equal(lineOf(record, { policy: { auditedHeaders } }), record);
});
