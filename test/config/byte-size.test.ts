import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseByteSize } from '../../config/byte-size.ts';

test('sizes are read in binary units, decimal units and bytes', () => {
  const cases: [string, number][] = [
    ['64MiB', 67_108_864],
    ['1GiB', 1_073_741_824],
    ['512KiB', 524_288],
    ['10MB', 10_000_000],
    ['1kB', 1000],
    ['1KB', 1000],
    ['4096', 4096],
    ['4096B', 4096],
    ['1.5GiB', 1_610_612_736],
    ['0', 0],
  ];
  for (const [text, expected] of cases) assert.equal(parseByteSize(text), expected, text);
});

test('ambiguous, negative, broken and unsafe sizes are refused', () => {
  const refused = [
    '',
    'MiB',
    '64M',
    '64k',
    '64 MiB',
    '-1',
    '+1',
    '1.',
    '.5KiB',
    '1e3',
    '0x10',
    '1.1B',
    'abc',
    '64mib',
  ];
  refused.push('9007199254740992', '9000000TiB', '9'.repeat(400), '1\n');
  for (const text of refused) assert.equal(parseByteSize(text), null, JSON.stringify(text));
});

test('a number of bytes survives every unit that holds it', () => {
  fc.assert(
    fc.property(fc.nat(8000), (count) => {
      assert.equal(parseByteSize(`${count}KiB`), parseByteSize(`${count * 1024}`));
      assert.equal(parseByteSize(`${count}MiB`), parseByteSize(`${count * 1024}KiB`));
      assert.equal(parseByteSize(`${count}GB`), parseByteSize(`${count * 1000}MB`));
    }),
  );
});

test('any text gives a whole number of bytes or a refusal, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,8}[kKMGTiB]{0,3}$/)), (text) => {
      const size = parseByteSize(text);
      assert.ok(size === null || (Number.isSafeInteger(size) && size >= 0));
    }),
  );
});
