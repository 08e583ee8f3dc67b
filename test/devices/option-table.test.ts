import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OptionProblem } from '../../devices/device-kind.ts';
import {
  alternatives,
  type Option,
  oneOf,
  readOptions,
  shortened,
  shownOptions,
} from '../../devices/option-table.ts';

const table = {
  colour: {
    default: 'red',
    formerly: 'color',
    wanted: alternatives(['red', 'green']),
    effect: '',
    parse: oneOf('red', 'green'),
  } as Option<'red' | 'green'>,
  password: {
    default: null,
    confidential: true,
    wanted: 'a password',
    effect: '',
    parse: (text) => (text.length > 20 ? text : undefined),
  } as Option<string | null>,
} as const;

function read(texts: Record<string, string>): { values: unknown; problems: OptionProblem[] } {
  const problems: OptionProblem[] = [];
  return { values: readOptions(table, texts, problems, null), problems };
}

test('what is left out is the default, or null', () => {
  assert.deepEqual(read({}), { values: { colour: 'red', password: null }, problems: [] });
});

test('an old name still works, but not beside the new one', () => {
  assert.deepEqual(read({ color: 'green' }).values, { colour: 'green', password: null });
  const { problems } = read({ color: 'green', colour: 'red' });
  assert.deepEqual(
    problems.map(({ option }) => option),
    ['color'],
  );
});

test('a value that may be a secret is not quoted', () => {
  const { problems } = read({ password: 'hunter2' });
  assert.deepEqual(problems, [
    { option: 'password', message: 'Cannot use option "password": wanted a password' },
  ]);
});

test('a value that cannot be used is quoted with what is wanted', () => {
  assert.deepEqual(read({ colour: 'blue' }).problems, [
    { option: 'colour', message: 'Cannot use option "colour" value "blue": wanted "red" or "green"' },
  ]);
});

test('what is shown of options hides those that may be secrets, also under an old name', () => {
  const hiding = { ...table, key: { ...table.password, formerly: 'passphrase', shown: () => 'a key' } };
  assert.deepEqual(
    shownOptions(hiding, { colour: 'red', password: 'hunter2', passphrase: 'hunter2', x: 'y' }),
    {
      colour: 'red',
      password: '(hidden)',
      passphrase: 'a key',
      x: 'y',
    },
  );
});

test('a URI that stands where it should not is quoted without its password, however long it is', () => {
  assert.equal(shortened('http://user:hunter2@host/'), 'http://(hidden)@host/');
  assert.equal(shortened(`http://user:hunter2${'x'.repeat(80)}@host/`), 'http://(hidden)@host/');
});
