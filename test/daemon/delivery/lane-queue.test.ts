import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Batch } from '../../../daemon/delivery/batch.ts';
import { type LaneEntry, LaneQueue } from '../../../daemon/delivery/lane-queue.ts';
import { recordsOf } from '../../simulation/record-line.ts';
import { linesOf, numbers } from './lane-under-test.ts';

/** What the queue should be: one element a waiting record. */
interface ModelRecord {
  readonly record: number;
  readonly batch: Batch | null;
  late: boolean;
}

type Step =
  | { readonly kind: 'push' | 'putBack'; readonly count: number; readonly bytes: number }
  | { readonly kind: 'settle'; readonly share: number }
  | { readonly kind: 'peek'; readonly maxBytes: number; readonly maxLines: number }
  | { readonly kind: 'expire' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('push' as const, 'putBack' as const),
    count: fc.integer({ min: 1, max: 5 }),
    bytes: fc.integer({ min: 0, max: 60 }),
  }),
  fc.record({ kind: fc.constant('settle' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant('peek' as const),
    maxBytes: fc.integer({ min: 1, max: 300 }),
    maxLines: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({ kind: fc.constant('expire' as const) }),
);

class Pair {
  readonly queue: LaneQueue = new LaneQueue();
  model: ModelRecord[] = [];
  #next = 0;

  do(action: Step): void {
    if (action.kind === 'push' || action.kind === 'putBack')
      this.#add(action.kind, action.count, action.bytes);
    else if (action.kind === 'settle') this.#settle(Math.floor(action.share * this.model.length));
    else if (action.kind === 'peek') this.#peek(action.maxBytes, action.maxLines);
    else this.#expire();
    this.#compare();
  }

  #add(kind: 'push' | 'putBack', count: number, bytes: number): void {
    const records = numbers(count, this.#next);
    this.#next += count;
    const again = kind === 'putBack';
    const batch = again
      ? null
      : new Batch(count, 0, { paths: ['a/'], need: 1, qualifies: [true] }, false, () => {});
    const entry = {
      lines: linesOf(records, bytes),
      batch,
      slot: 0,
      records: null,
      arrival: 0,
      sentAt: null,
      done: 0,
    };
    const added = records.map((record) => ({ record, batch, late: false }));
    if (again) {
      this.queue.putBack([entry]);
      this.model.unshift(...added);
    } else {
      this.queue.push(entry);
      this.model.push(...added);
    }
  }

  #settle(count: number): void {
    const settled: number[] = [];
    this.queue.settle(count, (entry, from, to) => settled.push(...recordsOf(entry.lines).slice(from, to)));
    assert.deepEqual(
      settled,
      this.model.splice(0, count).map((it) => it.record),
    );
  }

  #peek(maxBytes: number, maxLines: number): void {
    if (this.queue.empty) return;
    const lines = this.queue.peek(maxBytes, maxLines);
    const expected = this.model.slice(0, lines.ends.length).map((it) => it.record);
    assert.deepEqual(recordsOf(lines), expected);
    assert.ok(lines.ends.length >= 1 && lines.ends.length <= maxLines);
    assert.ok(lines.ends.length === 1 || lines.bytes.length <= maxBytes);
    assert.equal(lines.ends.at(-1), lines.bytes.length);
  }

  #expire(): void {
    const oldest = this.model.find((it) => it.batch !== null && !it.late);
    assert.equal(this.queue.oldestPunctual?.batch ?? undefined, oldest?.batch ?? undefined);
    this.queue.expireOldestPunctual();
    for (const it of this.model) if (oldest !== undefined && it.batch === oldest.batch) it.late = true;
  }

  #compare(): void {
    assert.equal(this.queue.records, this.model.length);
    assert.equal(this.queue.empty, this.model.length === 0);
    const oldest: LaneEntry | undefined = this.queue.oldest;
    if (oldest !== undefined) assert.equal(recordsOf(oldest.lines)[oldest.done], this.model[0]!.record);
    if (this.queue.empty) assert.equal(this.queue.bytes, 0);
    else assert.ok(this.queue.bytes > 0);
  }
}

test('the queue does what a plain list of records does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const action of steps) pair.do(action);
    }),
    { numRuns: 500 },
  );
});

test('thousands of entries pass through without being kept', () => {
  const pair = new Pair();
  for (let round = 0; round < 3_000; round++) {
    pair.do({ kind: 'push', count: 2, bytes: 20 });
    if (round % 7 === 0) pair.do({ kind: 'expire' });
    if (round > 1_500) pair.do({ kind: 'settle', share: 3 / pair.model.length });
  }
  pair.do({ kind: 'settle', share: 1 });
});

test('emptying tells of every record that waits', () => {
  const queue = new LaneQueue();
  for (let first = 0; first < 6; first += 2) {
    const lines = linesOf([first, first + 1]);
    queue.push({ lines, batch: null, slot: 0, records: null, arrival: 0, sentAt: null, done: 0 });
  }
  queue.settle(1, () => {});
  const dropped: number[] = [];
  queue.clear((entry, from, to) => dropped.push(...recordsOf(entry.lines).slice(from, to)));
  assert.deepEqual(dropped, [1, 2, 3, 4, 5]);
  assert.equal(queue.bytes, 0);
});
