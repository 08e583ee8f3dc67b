import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../../daemon/delivery/batch.ts';
import { Waiters } from '../../../daemon/delivery/waiters.ts';
import { batchOf, numbers } from './lane-under-test.ts';

function outcomesOf(batch: Batch): string[] {
  return numbers(batch.count).map((record) => batch.outcome(0, record));
}

test('lines that nobody waits for are passed over, as those of an earlier life', () => {
  const waiters = new Waiters();
  const [one, other] = [batchOf(2, 10), batchOf(2, 20)];
  // Nobody waits for lines 0 to 2 and 5 to 6.
  waiters.add(one, 0, null, 3, 5);
  waiters.add(other, 0, null, 7, 9);
  waiters.settle(2, 'recorded');
  waiters.settle(3, 'recorded');
  assert.deepEqual(outcomesOf(one), ['pending', 'pending']);
  waiters.settle(4, 'too_large');
  assert.deepEqual(outcomesOf(one), ['too_large', 'pending']);
  waiters.settle(6, 'recorded');
  waiters.settle(7, 'recorded');
  assert.deepEqual(
    [outcomesOf(one), outcomesOf(other)],
    [
      ['too_large', 'recorded'],
      ['pending', 'pending'],
    ],
  );
  waiters.settle(100, 'stopping');
  assert.deepEqual(outcomesOf(other), ['stopping', 'stopping']);
});

test('only lines that have not left the store can become late', () => {
  const waiters = new Waiters();
  const [one, other] = [batchOf(3, 10), batchOf(2, 20)];
  waiters.add(one, 0, null, 5, 8);
  waiters.add(other, 0, null, 8, 10);
  waiters.settle(6, 'recorded');
  assert.equal(waiters.expire(9), 0);
  assert.equal(waiters.oldestPunctual, 10);
  assert.equal(waiters.expire(10), 2);
  assert.equal(waiters.oldestPunctual, 20);
  assert.equal(waiters.expire(10), 0, 'late once');
  assert.deepEqual(outcomesOf(one), ['recorded', 'late', 'late']);
  waiters.settle(9, 'recorded');
  assert.deepEqual(outcomesOf(one), ['recorded', 'late', 'late'], 'an outcome is final');
  assert.equal(waiters.expire(20), 1);
  assert.equal(waiters.oldestPunctual, null);
  assert.deepEqual(outcomesOf(other), ['recorded', 'late']);
});

test('records that are not all among the lines keep their own outcomes', () => {
  const waiters = new Waiters();
  const batch = batchOf(5, 0);
  waiters.add(batch, 0, Uint32Array.of(0, 2, 4), 0, 3);
  waiters.settle(1, 'recorded');
  waiters.settle(2, 'too_large');
  assert.equal(waiters.expire(0), 1);
  assert.deepEqual(outcomesOf(batch), ['recorded', 'pending', 'too_large', 'pending', 'late']);
});

test('a reply that lets a sender go on in the midst of a settling disturbs nothing', () => {
  const waiters = new Waiters();
  const later = batchOf(1, 1);
  const first = batchOf(1, 0, () => waiters.add(later, 0, null, 2, 3));
  const second = batchOf(1, 0);
  waiters.add(first, 0, null, 0, 1);
  waiters.add(second, 0, null, 1, 2);
  waiters.settle(2, 'recorded');
  assert.deepEqual([first, second, later].flatMap(outcomesOf), ['recorded', 'recorded', 'pending']);
  waiters.settle(3, 'stopping');
  assert.deepEqual(outcomesOf(later), ['stopping']);
});
