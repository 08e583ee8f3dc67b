import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../../daemon/admin/json-text.ts';
import { veilText } from '../../../daemon/admin/veiled-text.ts';

/** The text taken out, and what is left of the body. */
function veiled(body: string): readonly [text: string | null, left: string] {
  const bytes = Buffer.from(body);
  const found = veilText(bytes, 'input');
  return [found?.bytes.toString() ?? null, bytes.toString().replaceAll('\u007f', '.')];
}

test('a text is taken out of a body, which keeps its length', () => {
  assert.deepEqual(veiled('{"input":"abc"}'), ['abc', '{"input":"..."}']);
  assert.deepEqual(veiled(' { "a" : 1 ,\n"input"\t:\r"é" }'), ['é', ' { "a" : 1 ,\n"input"\t:\r".." }']);
  assert.deepEqual(veiled('{"input":"","b":"c"}'), ['', '{"input":"","b":"c"}']);
  assert.deepEqual(veiled('{"input":"a\\"b\\\\","x":"y"}'), ['a"b\\', '{"input":"......","x":"y"}']);
  assert.deepEqual(veiled('{"input":"one","input":"two"}'), ['two', '{"input":"...","input":"..."}']);
});

test('what is another member, no text or no JSON is left as it is', () => {
  for (const body of [
    '',
    'null',
    '{"input":5}',
    '{"input":true,"other":"abc"}',
    '{"a":{"input":"abc"}}',
    '[{"input":"abc"}]',
    '{"a":"input","b":"abc"}',
    '{"a":"\\"input\\":\\"abc\\""}',
    '{"input" "abc"}',
    '{"input":"a\nb"}',
    '{"input":"a\\xb"}',
    '{"input":"a\\u12"}',
    '{"input":"a\\u12xyz"}',
    '{"input',
    '{"input"',
    '{"input":',
  ]) {
    assert.deepEqual(veiled(body), [null, body]);
  }
});

test('the text is the one that reading the body gives, however it is written', () => {
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const written = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text).slice(1, -1)),
      unit.map((text) => `\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}`),
      unit.map((text) => `\\u${text.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`),
      fc.constantFrom('\\ud83d\\ude00', '\\ud83d', '\\ude00', '\\ud83d\\ud83d\\ude00', '\\/', '\\b', '😀'),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(written, (parts) => {
      const body = Buffer.from(`{"before":"\\"{","input":"${parts.join('')}","after":["}"]}`);
      const wanted = (parseJson(body.toString()) as ReadonlyMap<string, string>).get('input')!;
      const found = veilText(body, 'input')!;
      assert.deepEqual(found.bytes, Buffer.from(wanted));
      assert.equal((parseJson(body.toString()) as ReadonlyMap<string, string>).get('input'), found.shown);
    }),
    { numRuns: 2000 },
  );
});
