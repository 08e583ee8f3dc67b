import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SentTail } from '../../../daemon/delivery/sent-tail.ts';
import { recordsOf } from '../../simulation/record-line.ts';
import { linesOf } from './lane-under-test.ts';

test('what is kept is at least the bytes that can be lost, and one write or block more at most', () => {
  const sizes = fc.array(fc.integer({ min: 20, max: 300 }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 2_000 }), (writes, limit) => {
      const tail = new SentTail(limit);
      for (const [record, bytes] of writes.entries()) {
        tail.add(linesOf([record], bytes), 0);
        assert.ok(tail.bytes < limit + Math.max(...writes, limit / 16));
      }
      const doubtful = tail.take('all', 0).flatMap(({ lines }) => recordsOf(lines));
      const first = writes.length - doubtful.length;
      assert.deepEqual(doubtful, [...writes.keys()].slice(first));
      const kept = writes.slice(first).reduce((sum, bytes) => sum + bytes, 0);
      assert.ok(first === 0 || kept >= limit);
      assert.deepEqual(tail.take('all', 0), [], 'given back once');
      assert.equal(tail.bytes, 0);
    }),
  );
});

test('after an orderly end only the last seconds are in doubt', () => {
  const tail = new SentTail(1_000_000);
  for (const record of [0, 1, 2, 3]) tail.add(linesOf([record]), record * 5_000);
  const doubtful = tail.take('recent', 16_000).flatMap(({ lines }) => recordsOf(lines));
  assert.deepEqual(doubtful, [2, 3]);
});

test('many small writes are given back in order', () => {
  const tail = new SentTail(10_000);
  for (let record = 0; record < 10_000; record++) tail.add(linesOf([record]), 0);
  const doubtful = tail.take('all', 0).flatMap(({ lines }) => recordsOf(lines));
  assert.equal(doubtful.at(-1), 9_999);
  assert.ok(doubtful.length > 500 && doubtful.length < 1_000);
});

test('of so many bytes at the end, every line is in doubt that ends among them', () => {
  const sizes = fc.array(fc.integer({ min: 20, max: 300 }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 40_000 }), (writes, bytes) => {
      const tail = new SentTail(1_000_000);
      for (const [record, size] of writes.entries()) tail.add(linesOf([record], size), 0);
      let first = writes.length;
      for (let left = bytes; left > 0 && first > 0; ) left -= writes[--first]!;
      const doubtful = tail.take(bytes, 0).flatMap(({ lines }) => recordsOf(lines));
      assert.deepEqual(doubtful, [...writes.keys()].slice(first));
    }),
  );
});

test('nothing is kept for a device that loses nothing', () => {
  const tail = new SentTail(0);
  tail.add(linesOf([1]), 0);
  assert.deepEqual(tail.take('all', 0), []);
});

test('small writes are kept in few blocks, and each line keeps its own time', () => {
  const tail = new SentTail(10_000_000);
  for (let record = 0; record < 10_000; record++) tail.add(linesOf([record]), record * 10);
  const recent = tail.take('recent', 100_000);
  assert.ok(recent.length <= 100, 'one piece for a tenth of a second');
  assert.deepEqual(
    recent.flatMap(({ lines }) => recordsOf(lines)),
    Array.from({ length: 1_000 }, (_, index) => 9_000 + index),
  );
});

test('lines that are sent again and again are as old as when they were sent first', () => {
  const tail = new SentTail(1_000_000);
  let sent = 0;
  let again: number[] = [];
  // A peer that reads everything and closes in order every three seconds.
  for (let second = 0; second < 60; second++) {
    tail.add(linesOf([sent++]), second * 1_000);
    if (second % 3 !== 2) continue;
    const doubtful = tail.take('recent', second * 1_000);
    again = doubtful.flatMap(({ lines }) => recordsOf(lines));
    for (const { lines, at } of doubtful) tail.add(lines, at);
  }
  assert.deepEqual(
    again,
    Array.from({ length: 11 }, (_, index) => 49 + index),
  );
});

test('writes are forgotten one by one as soon as the rest is enough', () => {
  const tail = new SentTail(1_000);
  for (let record = 0; record < 10; record++) tail.add(linesOf([record], 100), 0);
  assert.equal(tail.bytes, 1_000);
  tail.add(linesOf([10], 100), 0);
  assert.equal(tail.bytes, 1_000);
  tail.add(linesOf([11], 99), 0);
  assert.equal(tail.bytes, 1_099);
  const doubtful = tail.take('all', 0).flatMap(({ lines }) => recordsOf(lines));
  assert.deepEqual(doubtful, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

/** In how many pieces the lines come back, which were taken at one time: one for each block. */
function piecesOf(limit: number, sizes: readonly number[]): number {
  const tail = new SentTail(limit);
  for (const [record, bytes] of sizes.entries()) tail.add(linesOf([record], bytes), 0);
  const pieces = tail.take('all', 0);
  assert.deepEqual(
    pieces.flatMap(({ lines }) => recordsOf(lines)),
    [...sizes.keys()],
  );
  return pieces.length;
}

test('writes up to half a block share one, and a larger one is a block as it is', () => {
  // A block is a sixteenth of the limit: 100 bytes.
  assert.equal(piecesOf(1_600, [50, 50]), 1);
  assert.equal(piecesOf(1_600, [40, 40]), 1);
  assert.equal(piecesOf(1_600, [50, 50, 20]), 2);
  assert.equal(piecesOf(1_600, [50, 30, 21]), 2);
  assert.equal(piecesOf(1_600, [51, 20]), 2);
  assert.equal(piecesOf(1_600, [20, 90, 20]), 3);
});

test('a block is 64 KiB where the limit is large', () => {
  assert.equal(piecesOf(64_000_000, [32_768, 32_768]), 1);
  assert.equal(piecesOf(64_000_000, [21_845, 21_845, 21_846]), 1);
  assert.equal(piecesOf(64_000_000, [21_845, 21_845, 21_847]), 2);
});

test('lines of one block are apart where more than a tenth of a second lies between, and as old as the first', () => {
  const tail = new SentTail(1_000_000);
  for (const [record, at] of [0, 60, 100, 101, 201, 400].entries()) tail.add(linesOf([record]), at);
  assert.deepEqual(
    tail.take('all', 500).map(({ lines, at }) => [at, recordsOf(lines)]),
    [
      [0, [0, 1, 2]],
      [101, [3, 4]],
      [400, [5]],
    ],
  );
});

test('after an orderly end, lines of exactly ten seconds ago are in doubt still', () => {
  const tail = new SentTail(1_000_000);
  tail.add(linesOf([0]), 999);
  tail.add(linesOf([1]), 1_000);
  const doubtful = tail.take('recent', 11_000).flatMap(({ lines }) => recordsOf(lines));
  assert.deepEqual(doubtful, [1]);
});
