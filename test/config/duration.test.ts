import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration } from '../../config/duration.ts';

test('a duration in Go syntax comes out in milliseconds', () => {
  const cases: [string, number][] = [
    ['250ms', 250],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['1h0m0.5s', 3_600_500],
    ['500us', 0.5],
    ['500\u00b5s', 0.5],
    ['500\u03bcs', 0.5],
    ['1ns', 0.000001],
    ['.5s', 500],
    ['5.s', 5000],
    ['1.001s', 1001],
    ['1s1s', 2000],
    ['0s', 0],
  ];
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text);
});

test('a bare number counts seconds', () => {
  for (const [text, expected] of [
    ['0', 0],
    ['2', 2000],
    ['0.25', 250],
  ] as const) {
    assert.equal(parseDuration(text), expected, text);
  }
});

test('what Go would refuse, and negative or endless durations, are refused', () => {
  const refused = [
    '',
    ' ',
    's',
    '1x',
    '1d',
    '-1s',
    '+1s',
    '1 s',
    ' 1s',
    '1s ',
    '1s2',
    '1e3',
    'Infinity',
    '1S',
    '1,5s',
  ];
  refused.push('.', '.s', '9999999h', '1'.repeat(400), '１s', '1s\n');
  for (const text of refused) assert.equal(parseDuration(text), null, JSON.stringify(text));
});

test('parts written apart add up to the same duration', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(59), fc.nat(59), fc.nat(999), (hours, minutes, seconds, ms) => {
      const total = ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
      assert.equal(parseDuration(`${hours}h${minutes}m${seconds}s${ms}ms`), total);
      assert.equal(parseDuration(`${total}ms`), total);
      assert.equal(parseDuration(`${total}`), total * 1000);
    }),
  );
});

test('any text gives a duration of at least 0 or a refusal, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.numsh]{0,12}$/)), (text) => {
      const duration = parseDuration(text);
      assert.ok(duration === null || (Number.isFinite(duration) && duration >= 0));
    }),
  );
});
