import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHeaderName } from '../../config/header-name.ts';

test('the name of a header is a token of RFC 9110', () => {
  const others = "!#$%&'*+-.^_`|~";
  for (let code = 0; code < 0x180; code++) {
    const character = String.fromCharCode(code);
    const inToken = /[0-9A-Za-z]/.test(character) || others.includes(character);
    assert.equal(isHeaderName(character), inToken, `U+${code.toString(16)}`);
    assert.equal(isHeaderName(`x${character}y`), inToken);
  }
  assert.equal(isHeaderName('X-Request-Id'), true);
  assert.equal(isHeaderName(''), false);
  assert.equal(isHeaderName('x\n'), false);
  assert.equal(isHeaderName('\u212a'), false);
});
