import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'acorn';
import { mutated } from './mutation.ts';
import { mutationsOf } from './mutations.ts';

const program = `
import { open } from 'node:fs/promises';
const limit = 3;
const sizeLimit = 4_096;
const mode = 0o700;
export class Lane {
  #count = 0;
  constructor(count) {
    this.#count = count;
  }
  async add(line, log) {
    if (line.length >= sizeLimit && !line.empty) return false;
    if (this.isFull) {
      log.warn('full', { limit: 7 });
      throw new Error(\`line \${line.length + 1}\`);
    }
    this.last = line;
    this.#count++;
    await this.write(line);
    log.debug('name: ' + line.name);
    return Math.min(limit, this.#count);
  }
}
`;

test('every kind of fault is planted, in the order of the text', () => {
  assert.deepEqual(
    mutationsOf(program).map(({ change }) => change),
    [
      '3 -> 4',
      '4_096 -> 40960',
      '0o700 -> 0o701',
      '0 -> 1',
      'line.length >= sizeLimit && !line.empty -> !(line.length >= sizeLimit && !line.empty)',
      '>= -> >',
      '>= -> <',
      '&& -> ||',
      '!line.empty -> line.empty',
      'without return false;',
      'false -> true',
      'this.isFull -> !(this.isFull)',
      `without throw new Error(\`line \${line.length + 1}\`);`,
      'without this.last = line;',
      '++ -> --',
      'without await this.write(line);',
      'await this.write(line) -> this.write(line)',
      'min -> max',
    ],
  );
});

test('every fault leaves a program that can be read, and another one', () => {
  const programs = mutationsOf(program).map((mutation) => mutated(program, mutation));
  assert.equal(new Set([program, ...programs]).size, 19);
  for (const text of programs) parse(text, { ecmaVersion: 2023, sourceType: 'module' });
});

test('what joins words, logs or imports is left alone', () => {
  const words = `import { log } from './log.js';\nlog.info(1 + 2, true);\nconst text = 'a' + 5 + \`b\${1 + 1}\`;\n`;
  assert.deepEqual(
    mutationsOf(words).map(({ change }) => change),
    ['5 -> 6'],
  );
});

test('the end of a function is no early return, and no constructor forgets what it is given', () => {
  const text = 'class A { constructor(b) { super(); this.b = b; } c() { return this.b; } }\n';
  assert.deepEqual(mutationsOf(text.replace('class A', 'class A extends B')), []);
});
