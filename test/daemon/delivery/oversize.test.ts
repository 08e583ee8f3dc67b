import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batch } from '../../../daemon/delivery/batch.ts';
import { withoutOversize } from '../../../daemon/delivery/oversize.ts';
import { LaneUnderTest } from './lane-under-test.ts';

const rendered = { bytes: Buffer.from('{"id":"r0"}\n{"id":"r2"}\n'), ends: Uint32Array.of(12, 12, 24, 24) };

test('empty lines are left out, and what is left knows its records', () => {
  const { lines, records, oversize } = withoutOversize(rendered);
  assert.deepEqual([...lines.ends], [12, 24]);
  assert.deepEqual([...records!], [0, 2]);
  assert.deepEqual(oversize, [1, 3]);
});

test('where every record has its line, nothing is copied', () => {
  const whole = { bytes: rendered.bytes, ends: Uint32Array.of(12, 24) };
  const { lines, records } = withoutOversize(whole);
  assert.equal(lines, whole);
  assert.equal(records, null);
});

test('a lane refuses the records without a line at once and writes the others', async () => {
  const under = new LaneUnderTest();
  const batch = new Batch(4, 0, { paths: ['device/'], need: 1, qualifies: [true] }, false, () => {});
  under.lane.enqueue(batch, 0, rendered);
  const outcomes = (): string[] => [0, 1, 2, 3].map((record) => batch.outcome(0, record));
  assert.deepEqual(outcomes(), ['pending', 'too_large', 'pending', 'too_large']);
  await under.pass(20);
  assert.deepEqual(outcomes(), ['recorded', 'too_large', 'recorded', 'too_large']);
  assert.deepEqual(under.destination.log, [0, 2]);
});
