import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonNumber, type JsonValue, NotJson, parseJson } from '../../../daemon/admin/json-text.ts';

/** What JSON.parse would have made of it. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, each]) => [name, plain(each)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

function outcome(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch {
    return 'refused';
  }
}

test('any JSON means what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
      const written = JSON.stringify(JSON.parse(text), null, indent);
      assert.deepEqual(plain(parseJson(written)), JSON.parse(written));
    }),
    { numRuns: 500 },
  );
});

test('text with any one character changed is taken or refused as JSON.parse does', () => {
  const sign = fc.oneof(
    fc.constantFrom(...'{}[]",:\\ue0.-+ \n\t\u0000\ufeff'),
    fc.string({ minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(), sign, fc.boolean(), (text, place, character, insert) => {
      const at = place % (text.length + 1);
      const changed = text.slice(0, at) + character + text.slice(insert ? at : at + 1);
      assert.deepEqual(
        outcome(() => plain(parseJson(changed))),
        outcome(() => JSON.parse(changed)),
      );
    }),
    { numRuns: 2000 },
  );
});

test('numbers keep their text', () => {
  for (const text of ['600', '1.0', '-0', '1e400', '12345678901234567890', '0.10E+2']) {
    assert.deepEqual(parseJson(text), new JsonNumber(text));
  }
});

test('no name is special, and of two alike the last counts', () => {
  const value = parseJson('{"__proto__":{"a":1},"constructor":"x","constructor":"y"}');
  assert.ok(value instanceof Map);
  assert.deepEqual([...value.keys()], ['__proto__', 'constructor']);
  assert.equal(value.get('constructor'), 'y');
  assert.equal(({} as Record<string, unknown>)['a'], undefined);
});

test('a refusal says where, and never what stood there', () => {
  const places: [string, string][] = [
    ['{"input": s.secret}', 'not JSON at line 1, column 11'],
    ['{\n  "mode": 0600}', 'not JSON at line 2, column 12'],
    ['{"input":"s.secret', 'it ends too early'],
    ['', 'it ends too early'],
    [`[${'1,'.repeat(20_000)}1]`, 'more than 20000 values'],
    [`[${'{"a":[]},'.repeat(10_000)}1`, 'more than 20000 values'],
    [`${'['.repeat(65)}${']'.repeat(65)}`, 'nested deeper than 64 levels'],
  ];
  for (const [text, message] of places) assert.throws(() => parseJson(text), new NotJson(message));
  assert.doesNotThrow(() => parseJson(`[${'1,'.repeat(19_998)}1]`));
  assert.doesNotThrow(() => parseJson(`${'['.repeat(64)}${']'.repeat(64)}`));
});
