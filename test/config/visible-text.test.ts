import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { visible, visibleJson, visibleLines } from '../../config/visible-text.ts';

test('what acts on a terminal or a line reader is shown as its escape, all else as it is', () => {
  for (const [text, shown] of [
    ['plain "quoted" back\\slash ünï 😀', 'plain "quoted" back\\slash ünï 😀'],
    ['\u001b[2J', '\\u001b[2J'],
    ['a\nb\tc\rd\0', 'a\\nb\\tc\\rd\\u0000'],
    ['\u009b31m\u0085', '\\u009b31m\\u0085'],
    ['\u007f', '\\u007f'],
    ['\u202egnp.exe\u2066\u200f\u061c', '\\u202egnp.exe\\u2066\\u200f\\u061c'],
    ['\u2028\u2029\ufeff\u200b', '\\u2028\\u2029\\ufeff\\u200b'],
    ['\u{e0001}', '\\udb40\\udc01'],
    ['\ud800x', '\\ud800x'],
  ] as const) {
    assert.equal(visible(text), shown);
    assert.equal(visibleLines(`${text.replaceAll('\n', '')}\nx\n`), `${shown.replaceAll('\\n', '')}\nx\n`);
  }
});

test('JSON means the same, and has nothing left that is hidden', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = visibleJson(JSON.stringify(text));
      assert.equal(JSON.parse(json), text);
      assert.doesNotMatch(json, /\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
    }),
  );
});
