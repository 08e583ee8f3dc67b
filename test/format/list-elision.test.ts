import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf } from './line-of.ts';

const options = { elideListResponses: true };

function entry(type: string, operation: string, data: string): string {
  return `{"time":"","type":"${type}","request":{"operation":"${operation}"},"response":{"data":${data}}}`;
}

const data = '{"keys":[ "a/" ,"b"],"key_info":{ "a/":{"x":"y"},"b":{}},"keys2":1}';
const elided = '{"keys":2,"key_info":2,"keys2":1}';

test('keys and key_info of a list response become their counts', () => {
  assert.equal(lineOf(entry('response', 'list', data), { options }), entry('response', 'list', elided));
  assert.equal(
    lineOf(entry('response', 'list', '{"keys":[],"key_info":{}}'), { options }),
    entry('response', 'list', '{"keys":0,"key_info":0}'),
  );
  const many = JSON.stringify({ keys: Array.from({ length: 12_345 }, (_, index) => `k${index}`) });
  assert.equal(
    lineOf(entry('response', 'list', many), { options }),
    entry('response', 'list', '{"keys":12345}'),
  );
});

test('other entries keep their lists', () => {
  for (const [type, operation] of [
    ['request', 'list'],
    ['response', 'scan'],
    ['response', 'read'],
    ['response', 'LIST'],
    ['response', 'lists'],
    ['', ''],
  ] as const) {
    const line = lineOf(entry(type, operation, data), { options });
    assert.match(line, /"keys":\[ "hmac-sha256:[0-9a-f]{64}" ,"hmac-sha256:/);
    assert.match(line, /"key_info":\{ "a\/":\{"x":"hmac/);
  }
  assert.match(lineOf(entry('response', 'list', data)), /"keys":\[ "hmac/);
});

test('a list of another shape, or elsewhere, stays', () => {
  const odd = '{"keys":{"a":1},"key_info":[1,2],"x":{"keys":[1]}}';
  assert.equal(lineOf(entry('response', 'list', odd), { options }), entry('response', 'list', odd));
  const request =
    '{"time":"","type":"response","request":{"operation":"list","data":{"keys":[1]}},"response":{"keys":[2]}}';
  assert.equal(lineOf(request, { options }), request);
});

test('it works for log_raw, and other strings keep their bytes', () => {
  const raw = '{"keys":["a"],"other":"\\u0062"}';
  assert.equal(
    lineOf(entry('response', 'list', raw), { options: { ...options, logRaw: true } }),
    entry('response', 'list', '{"keys":1,"other":"\\u0062"}'),
  );
});

test('the last type and operation decide, wherever they stand and however they are spelt', () => {
  const before = '{"time":"","type":"request","response":{"data":{"keys":';
  const after =
    '}},"request":{"operation":"list"},"request":{"operation":"read","operation":"l\\u0069st"},"type":"response"}';
  assert.equal(lineOf(`${before}["a"]${after}`, { options }), `${before}1${after}`);
  const not =
    '{"time":"","type":"response","request":{"operation":"list"},"response":{"data":{"keys":[1]}},"request":{}}';
  assert.equal(lineOf(not, { options }), not);
});

test('a name spelt with escapes is elided, and each copy of it', () => {
  assert.equal(
    lineOf(entry('response', 'list', '{"k\\u0065ys":["a"],"keys":[1,2,3]}'), { options }),
    entry('response', 'list', '{"k\\u0065ys":1,"keys":3}'),
  );
});
