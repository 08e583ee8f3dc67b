import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LineStore } from '../../../daemon/delivery/line-store.ts';
import { MemoryLineStore } from '../../../daemon/delivery/memory-line-store.ts';
import { recordsOf } from '../../simulation/record-line.ts';
import { linesOf, numbers } from './lane-under-test.ts';

/** What every store of lines does. */
const stores: Readonly<Record<string, () => LineStore>> = { memory: () => new MemoryLineStore() };

for (const [name, create] of Object.entries(stores)) {
  test(`${name}: lines are numbered as they come, from 0 on, and stay until they are released`, () => {
    const store = create();
    assert.deepEqual([store.first, store.next, store.oldestArrival, store.bytes], [0, 0, null, 0]);
    store.append(linesOf([0, 1, 2]), 10);
    store.append(linesOf([3, 4]), 20);
    assert.deepEqual([store.first, store.next, store.oldestArrival], [0, 5, 10]);
    assert.deepEqual(recordsOf(store.peek(1_000, 10)), numbers(5));
    assert.deepEqual(recordsOf(store.peek(1_000, 10)), numbers(5), 'nothing is taken by looking');
    store.release(2);
    assert.deepEqual([store.first, store.next, store.oldestArrival], [2, 5, 10]);
    assert.deepEqual(recordsOf(store.peek(1_000, 2)), [2, 3]);
    store.release(3);
    assert.deepEqual([store.first, store.oldestArrival], [3, 20]);
    store.release(5);
    assert.deepEqual([store.first, store.next, store.oldestArrival, store.bytes], [5, 5, null, 0]);
    store.append(linesOf([5]), 30);
    assert.deepEqual([store.first, store.next, store.oldestArrival], [5, 6, 30]);
  });

  test(`${name}: a look takes one line at least, and no more bytes than asked for`, () => {
    const store = create();
    store.append(linesOf([0, 1], 100), 0);
    store.append(linesOf([2], 100), 0);
    assert.deepEqual(recordsOf(store.peek(1, 10)), [0]);
    assert.deepEqual(recordsOf(store.peek(199, 10)), [0]);
    assert.deepEqual(recordsOf(store.peek(200, 10)), [0, 1]);
    assert.deepEqual(recordsOf(store.peek(300, 10)), [0, 1, 2]);
    assert.ok(store.bytes >= 300);
  });
}
