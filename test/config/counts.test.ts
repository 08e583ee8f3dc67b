import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../config/load.ts';
import { ConfigRefused } from '../../config/problem.ts';
import { OptionsRefused } from '../../devices/device-kind.ts';
import { parseDevice } from '../../devices/registry.ts';

const many = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

function messagesOf(text: string): string[] {
  return parseConfig('x', text).problems.map(({ message }) => message);
}

test('of many problems the first hundred are told, and how many more there are', () => {
  const { problems } = parseConfig(
    'x',
    many(15_000, (index) => `unknown${index}: 1`),
  );
  assert.equal(problems.length, 15_001, 'devices are missing, too');
  const refused = new ConfigRefused(problems);
  assert.equal(refused.problems.length, 101);
  assert.match(refused.message, /\nx:\d+:1: and 14,901 more$/);
  assert.ok(refused.message.length < 40_000);
  const few = new ConfigRefused(problems.slice(0, 100));
  assert.deepEqual(few.problems, problems.slice(0, 100));
});

test('ten unknown options are told one by one, the others are counted', () => {
  const refusal = (count: number): OptionsRefused => {
    const options = Object.fromEntries(Array.from({ length: count }, (_, index) => [`o${index}`, 'x']));
    try {
      parseDevice('file', { file_path: '/x', ...options });
    } catch (error) {
      assert.ok(error instanceof OptionsRefused);
      return error;
    }
    return assert.fail();
  };
  assert.equal(refusal(10).problems.length, 10);
  const { problems, message } = refusal(30_000);
  assert.equal(problems.length, 11);
  assert.match(message, /; and 29,990 more$/);
  assert.ok(message.length < 10_000);
});

test('devices, names and fields are bounded in number', () => {
  for (const [text, message] of [
    [
      `devices:\n${many(1001, (index) => `  d${index}: {type: file}`)}`,
      'found 1001 entries, wanted at most 1000',
    ],
    [
      `devices: {}\naudited_headers:\n${many(10_001, (index) => `  h${index}: {}`)}`,
      'found 10001 entries, wanted at most 10000',
    ],
    [
      `devices: {}\nclear_fields:\n${many(10_001, (index) => `  - request.f${index}`)}`,
      'found 10001 entries, wanted at most 10000',
    ],
    [
      `devices: {}\nhash_fields:\n${many(10_001, (index) => `  - request.f${index}`)}`,
      'found 10001 entries, wanted at most 10000',
    ],
    [
      `devices: {}\nrecords:\n${many(1001, (index) => `  - {match: {path: /${index}}, level: none}`)}`,
      'found 1001 entries, wanted at most 1000',
    ],
    [
      `devices: {}\nrecords:\n${many(2, () => `  - {match: {path: [${Array.from({ length: 5001 }, (_, index) => `/${index}`).join()}]}, level: none}`)}`,
      'found 10002 texts in its rules, wanted at most 10000',
    ],
    [
      `devices: {}\nrequire:\n${many(1001, (index) => `  - d${index}`)}`,
      'found 1001 entries, wanted at most 1000',
    ],
  ] as const) {
    assert.deepEqual(messagesOf(text), [message]);
  }
  assert.deepEqual(messagesOf(`devices:\n${many(1000, (index) => `  d${index}: {type: file}`)}`), []);
});

test('brackets without end are refused, and end no process', () => {
  for (const part of ['{', '[', '- ', '? ', '{"a":', '[{', '- ? ']) {
    assert.deepEqual(messagesOf(part.repeat(20_000)), ['nested too deep'], part);
  }
});
