import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fillCredentials } from '../../config/credential.ts';
import { parseListenAddress } from '../../config/listen-address.ts';
import { parseConfig } from '../../config/load.ts';
import { quoted } from '../../config/problem.ts';
import { readText } from '../../config/read-text.ts';
import { suggest } from '../../config/suggestion.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** What is wrong with a configuration without devices and with these lines. */
function problemsOf(lines: string): string[] {
  return parseConfig('f', `devices: {}\n${lines}`).problems.map(({ message }) => message);
}

/** The least and the most that a key takes, and the values next to them that it does not. */
const ranges: readonly [key: string, below: string | null, least: string, most: string, above: string][] = [
  ['stop_timeout', null, '0', '24h', '86400001ms'],
  ['record_timeout', '999ms', '1s', '24h', '86400001ms'],
  ['max_record_bytes', '1023', '1024', '128MiB', '134217729'],
  ['connection_bytes', '1023', '1024', '64GiB', '68719476737'],
  ['total_bytes', '1023', '1024', '64GiB', '68719476737'],
  ['connections', '0', '1', '1000000', '1000001'],
];

for (const [key, below, least, most, above] of ranges) {
  test(`limits.${key} takes ${least} to ${most}, and nothing beyond`, () => {
    // The other sizes are what fits the one that is tried.
    const around = (value: string): string => {
      const sizes = { max_record_bytes: '1024', connection_bytes: '64GiB', total_bytes: '64GiB' };
      const fitting = value === least ? { ...sizes, connection_bytes: '1024' } : sizes;
      return `limits: ${JSON.stringify({ ...fitting, [key]: value })}`;
    };
    for (const value of [least, most]) assert.deepEqual(problemsOf(around(value)), [], value);
    for (const value of [below, above]) {
      if (value === null) continue;
      const problems = problemsOf(around(value));
      assert.equal(problems.length, 1, value);
      assert.match(problems[0]!, new RegExp(`^found "${value}", wanted a `));
    }
  });
}

test('limits that are equal fit into each other', () => {
  assert.deepEqual(
    problemsOf('limits: {max_record_bytes: 1MiB, connection_bytes: 1MiB, total_bytes: 1MiB}'),
    [],
  );
  assert.equal(
    problemsOf('limits: {max_record_bytes: 1048577, connection_bytes: 1MiB, total_bytes: 1MiB}').length,
    1,
  );
  assert.equal(
    problemsOf('limits: {max_record_bytes: 1MiB, connection_bytes: 1048577, total_bytes: 1MiB}').length,
    1,
  );
});

test('a port goes to 65535', () => {
  assert.deepEqual(parseListenAddress('h:65535'), { kind: 'tcp', host: 'h', port: 65_535 });
  assert.equal(parseListenAddress('h:65536'), null);
  assert.deepEqual(parseListenAddress('h:0'), { kind: 'tcp', host: 'h', port: 0 });
});

test('as many devices can be required as are declared', () => {
  const devices = 'devices:\n  a/: {type: x}\n  b/: {type: x}\n';
  const count = (required: string): number =>
    parseConfig('f', `${devices}require: ${required}`).problems.length;
  assert.equal(count('2'), 0);
  assert.equal(count('3'), 1);
});

test('a value is 32 levels deep, and not 33', () => {
  const nested = (levels: number): string[] =>
    problemsOf(`x: ${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}`);
  assert.ok(!nested(32).includes('nested too deep'));
  assert.ok(nested(33).includes('nested too deep'));
});

test('a file has 20,000 values, and not 20,001', () => {
  // The map at the top, `devices` and the list are values, too.
  const listed = (values: number): string =>
    problemsOf(`clear_fields: [${Array(values - 3).fill('a')}]`).join();
  assert.doesNotMatch(listed(20_000), /more than 20000 values/);
  assert.match(listed(20_001), /more than 20000 values/);
});

test('a configuration file and a credential have a mebibyte, and no byte more', (t) => {
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'x');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes
  const filled = () => fillCredentials('${credential:x}', folder);
  writeFileSync(file, 'a'.repeat(1024 * 1024));
  assert.equal(readText(file).kind, 'text');
  assert.equal(filled().kind, 'filled');
  writeFileSync(file, 'a'.repeat(1024 * 1024 + 1));
  assert.deepEqual(readText(file), {
    kind: 'unreadable',
    message: `Cannot read configuration file "${file}": it is larger than 1 MiB`,
  });
  assert.deepEqual(filled(), {
    kind: 'refused',
    message: 'Cannot read credential "x": it is larger than 1 MiB',
  });
});

test('a value of 60 characters is shown whole, a longer one cut', () => {
  assert.equal(quoted('x'.repeat(60)), `"${'x'.repeat(60)}"`);
  assert.equal(quoted('x'.repeat(61)), `"${'x'.repeat(60)}…"`);
});

test('a name of 100 letters is compared, a longer one not', () => {
  const known = ['x'.repeat(100)];
  assert.equal(suggest(`y${'x'.repeat(99)}`, known), known[0]);
  assert.equal(suggest(`y${'x'.repeat(100)}`, known), null);
});

test('a slip for each three letters is forgiven, and no more', () => {
  assert.equal(suggest('abcxyf', ['abcdef']), 'abcdef');
  assert.equal(suggest('abxyzf', ['abcdef']), null);
  // One slip always, but never all there is of a name.
  assert.equal(suggest('ax', ['ab']), 'ab');
  assert.equal(suggest('x', ['a']), null);
});
