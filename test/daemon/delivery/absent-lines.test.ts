import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutAbsent } from '../../../daemon/delivery/absent-lines.ts';
import { type RenderedLines, renderedLines } from '../../../format/lines.ts';
import { batchOf, LaneUnderTest } from './lane-under-test.ts';

const bytes = Buffer.from('{"id":"r0"}\n{"id":"r2"}\n');
const rendered = renderedLines(bytes, Uint32Array.of(12, 12, 24, 24), () => '');
/** As a device would have it that does not want record 1 and cannot take record 3. */
const wanted: RenderedLines = {
  ...rendered,
  absences: new Map([
    [1, 'filtered'],
    [3, 'too_large'],
  ]),
};

test('empty lines are those that are too large, and no others', () => {
  assert.deepEqual(
    [...rendered.absences],
    [
      [1, 'too_large'],
      [3, 'too_large'],
    ],
  );
  assert.equal(renderedLines(bytes, Uint32Array.of(12, 24), () => '').absences.size, 0);
  assert.deepEqual(
    [...renderedLines(Buffer.alloc(0), Uint32Array.of(0), () => '').absences],
    [[0, 'too_large']],
  );
});

test('absent lines are left out, and what is left knows its records', () => {
  const { lines, records } = withoutAbsent(wanted);
  assert.deepEqual([...lines.ends], [12, 24]);
  assert.deepEqual([...records!], [0, 2]);
  assert.equal(lines.bytes, bytes);
});

test('where every record has its line, nothing is copied', () => {
  const whole = renderedLines(bytes, Uint32Array.of(12, 24), () => '');
  const { lines, records } = withoutAbsent(whole);
  assert.equal(lines, whole);
  assert.equal(records, null);
});

test('a lane refuses the records without a line at once, each for its reason, and writes the others', async () => {
  const under = new LaneUnderTest();
  const batch = batchOf(4, 0);
  under.lane.enqueue(batch, 0, wanted);
  const outcomes = (): string[] => [0, 1, 2, 3].map((record) => batch.outcome(0, record));
  assert.deepEqual(outcomes(), ['pending', 'filtered', 'pending', 'too_large']);
  await under.pass(20);
  assert.deepEqual(outcomes(), ['recorded', 'filtered', 'recorded', 'too_large']);
  assert.deepEqual(under.destination.log, [0, 2]);
  const { counters } = under.lane.status();
  assert.equal(counters.recorded, 2);
  assert.equal(counters.dropped.too_large, 1, 'what a device does not want is no loss');
});

test('a batch of which no line is there is settled and nothing waits', async () => {
  const under = new LaneUnderTest();
  await under.open();
  const batch = batchOf(2, 0);
  under.lane.enqueue(
    batch,
    0,
    renderedLines(Buffer.alloc(0), Uint32Array.of(0, 0), () => ''),
  );
  assert.deepEqual([batch.outcome(0, 0), batch.outcome(0, 1)], ['too_large', 'too_large']);
  assert.equal(under.lane.status().queueBytes, 0);
});

test('a batch that finds the queue full counts as dropped only the records that had a line', async () => {
  const under = new LaneUnderTest({ queueBytes: 700 });
  under.destination.setTrouble('hang');
  under.send(1, 100);
  const batch = batchOf(4, 0);
  under.lane.enqueue(batch, 0, rendered);
  const { dropped } = under.lane.status().counters;
  assert.deepEqual([dropped.queue_full, dropped.too_large], [2, 2]);
  assert.deepEqual([batch.outcome(0, 0), batch.outcome(0, 1)], ['queue_full', 'too_large']);
});
