import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf } from './line-of.ts';

const time = '"time":"2026-11-22T04:45:03.932Z"';

test('a record without time is given that of its arrival as its first member', () => {
  assert.equal(lineOf('{"type":"request"}'), `{${time},"type":"request"}`);
  assert.equal(lineOf('  { "type" : 1 } '), `{${time}, "type" : 1 }`);
  assert.equal(lineOf('{}'), `{${time}}`);
  assert.equal(lineOf('{ }'), `{${time} }`);
  assert.equal(lineOf('{"a":{}}'), `{${time},"a":{}}`);
});

test('so it is for log_raw and with a prefix', () => {
  assert.equal(lineOf('{"a":"b"}', { options: { logRaw: true, prefix: '> ' } }), `> {${time},"a":"b"}`);
});

test('a time that is there stays, whatever it is', () => {
  for (const record of ['{"time":"x"}', '{"a":1,"t\\u0069me":null}', '{"time":1,"time":2}']) {
    assert.equal(lineOf(record), record);
  }
});

test('a time below the top is not the time of the record', () => {
  assert.equal(lineOf('{"auth":{"time":1}}'), `{${time},"auth":{"time":1}}`);
});

test('a hashed first member does not get into its way', () => {
  assert.match(lineOf('{"x":"y"}'), /^\{"time":"2026-11-22T04:45:03.932Z","x":"hmac-sha256:[0-9a-f]{64}"\}$/);
});
