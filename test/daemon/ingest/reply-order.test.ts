import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Reply } from '../../../daemon/ingest/replies.ts';
import { type Place, ReplyOrder } from '../../../daemon/ingest/reply-order.ts';

/** Replies that are told apart by their number of records. */
function numbered(records: number): Reply {
  return { kind: 'ok', records };
}

function told(replies: readonly Reply[]): number[] {
  return replies.map(({ records }) => records);
}

test('whatever becomes certain when, replies go out in the order of their places, as soon as they can', () => {
  const places = fc.array(
    fc.record({ records: fc.integer({ min: 0, max: 3 }), at: fc.integer({ min: 0, max: 1_000 }) }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(places, (drawn) => {
      const out: number[] = [];
      const order = new ReplyOrder((replies) => {
        assert.ok(replies.length > 0, 'nothing is told of empty lines');
        out.push(...told(replies));
      });
      const waiting = drawn.map(({ records, at }, index) => {
        const place = order.take(10);
        return { records, at, index, place, done: false };
      });
      for (const each of waiting.toSorted((one, other) => one.at - other.at || one.index - other.index)) {
        if (each.records === 0) {
          order.giveUp(each.place);
        } else {
          order.counted(each.place, each.records);
          order.fill(each.place, [numbered(each.index)]);
        }
        each.done = true;
        const first = waiting.findIndex(({ done }) => !done);
        const due = waiting.slice(0, first === -1 ? waiting.length : first);
        assert.deepEqual(
          out,
          due.filter(({ records }) => records > 0).map(({ index }) => index),
        );
      }
      assert.deepEqual([order.empty, order.bytes, order.records], [true, 0, 0]);
    }),
    { numRuns: 500 },
  );
});

test('bytes count from the place on, records from the scan on, and both until the replies are due', () => {
  const order = new ReplyOrder(() => {});
  const first: Place = order.take(100);
  const second = order.take(20);
  assert.deepEqual([order.bytes, order.records, order.empty], [120, 0, false]);
  order.counted(second, 2);
  order.fill(second, [numbered(2)]);
  assert.deepEqual([order.bytes, order.records], [120, 2], 'the second waits for the first');
  order.counted(first, 5);
  assert.equal(order.records, 7);
  order.fill(first, [numbered(5)]);
  assert.deepEqual([order.bytes, order.records, order.empty], [0, 0, true]);
});

test('replies of several places go out together', () => {
  const calls: number[][] = [];
  const order = new ReplyOrder((replies) => calls.push(told(replies)));
  const places = [1, 2, 3].map((records) => {
    const place = order.take(1);
    order.counted(place, records);
    return place;
  });
  order.fill(places[1]!, [numbered(2)]);
  order.fill(places[0]!, [numbered(1)]);
  order.fill(places[2]!, [numbered(3)]);
  assert.deepEqual(calls, [[1, 2], [3]]);
});
