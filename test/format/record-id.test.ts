import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordId } from '../../format/record-id.ts';
import { corpusLines } from '../support/records.ts';

/** In pieces of any size. */
function idOf(text: string): string {
  const bytes = Buffer.from(text);
  const found = recordId([bytes]);
  for (const size of [1, 7, 1000]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    assert.equal(recordId(pieces), found);
  }
  assert.equal(bytes.toString(), text, 'what is held is left as it is');
  return found;
}

test('the id of a record is found wherever it stands, and in a beginning of it', () => {
  const lines = corpusLines('raw.ndjson').slice(0, 200);
  for (const line of lines) {
    const id = (JSON.parse(line) as { request?: { id?: string } }).request?.id ?? '';
    assert.equal(idOf(line), id);
    const end = line.indexOf(`"id":"${id}"`, line.indexOf('"request":')) + id.length + 7;
    if (id !== '') assert.equal(idOf(line.slice(0, end)), id);
    if (id !== '') assert.equal(idOf(line.slice(0, end - 1)), '');
  }
  assert.equal(idOf('@cee: {"request" : { "path":"a", "id" : "x" }}'), 'x');
  assert.equal(idOf('{"request":{"id":"a\\u0022\\n\\ud800"}}'), 'a"\n\ud800');
});

test('nothing else is taken for it', () => {
  for (const text of [
    '',
    'no record',
    '{"id":"a"}',
    '{"request":"id","id":"a"}',
    '{"request":{"data":{"id":"secret"}}}',
    '{"request":{"data":["id","secret"]}}',
    '{"request":[{"id":"secret"}]}',
    '{"request":["id","secret"]}',
    '{"auth":{"request":{"id":"secret"}}}',
    '{"type":"request","auth":{"id":"secret"}}',
    '{"response":{"id":"secret"},"request":{}}',
    '{"request":{},"data":{"id":"secret"}}',
    '{"request":{"id":7,"x":"secret"}}',
    '{"request":{"id":{"id":"secret"}}}',
    '{"request":{"id":["secret"]}}',
    '{"request":{"x":"id","y":"secret"}}',
    '{"request":{"x\\":{\\"id":"secret"}}',
    '{"request":{"id":"bad \\x escape"}}',
  ]) {
    assert.equal(idOf(text), '', text);
  }
});

test('it is what a parser finds, in any record', () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), fc.json(), (before, id, behind) => {
      const record = `{"time":"x","auth":${before},"request":{"data":${before},"id":${JSON.stringify(id)},"x":${behind}}}`;
      assert.equal(idOf(record), id);
    }),
  );
});

test('what is shown of it is bounded, and so is where it is looked for', () => {
  const long = 'i'.repeat(10_000);
  assert.equal(idOf(`{"request":{"id":"${long}"}}`), `${long.slice(0, 128)}…`);
  assert.equal(idOf(`{"a":"${'x'.repeat(70_000)}","request":{"id":"b"}}`), '');
});
