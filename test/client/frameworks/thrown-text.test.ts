import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thrownText } from '../../../client/frameworks/thrown-text.ts';

test('whatever a handler throws has a text, and no more of it than is needed', () => {
  const thrower = {
    toString() {
      throw new Error('again');
    },
  };
  const odd = Object.assign(new Error(''), { message: { not: 'a text' } });
  const asking = Object.defineProperty(new Error(''), 'message', { get: thrower.toString });
  const cases: readonly (readonly [thrown: unknown, text: string])[] = [
    [new Error('out of stock'), 'out of stock'],
    ['out of stock', 'out of stock'],
    [undefined, 'undefined'],
    [null, 'null'],
    [404, '404'],
    [Symbol('s'), 'Symbol(s)'],
    [new Error('x'.repeat(5_000)), 'x'.repeat(1024)],
    [odd, '[object Object]'],
    [Object.create(null), 'something without a text'],
    [thrower, 'something without a text'],
    [asking, 'something without a text'],
  ];
  for (const [thrown, text] of cases) assert.equal(thrownText(thrown), text);
});
