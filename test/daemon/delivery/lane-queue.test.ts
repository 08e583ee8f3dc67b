import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Batch } from '../../../daemon/delivery/batch.ts';
import { LaneQueue } from '../../../daemon/delivery/lane-queue.ts';
import { MemoryLineStore } from '../../../daemon/delivery/memory-line-store.ts';
import { takenLines } from '../../../daemon/delivery/next-write.ts';
import { lineStart } from '../../../format/lines.ts';
import { recordsOf } from '../../simulation/record-line.ts';
import { batchOf, linesOf, numbers } from './lane-under-test.ts';

/** What the queue should be: one element a waiting line. */
interface ModelLine {
  readonly record: number;
  readonly bytes: number;
  /** Since when it waits. */
  readonly since: number;
  /** When it was sent first; null for what is sent for the first time. */
  readonly sentAt: number | null;
  /** Who waits for it, under which number. */
  readonly batch: Batch | null;
  readonly at: number;
}

interface Write {
  readonly kind: 'write';
  readonly maxBytes: number;
  readonly maxLines: number;
  /** How much of it is settled. */
  readonly share: number;
  /** Each bit says whether a line is refused. */
  readonly refused: number;
}

type Step =
  | { readonly kind: 'append' | 'sendAgain'; readonly count: number; readonly bytes: number }
  | { readonly kind: 'expire'; readonly ms: number }
  | Write;

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('append' as const, 'append' as const, 'sendAgain' as const),
    count: fc.integer({ min: 1, max: 5 }),
    bytes: fc.integer({ min: 0, max: 60 }),
  }),
  fc.record({
    kind: fc.constant('write' as const),
    maxBytes: fc.integer({ min: 1, max: 300 }),
    maxLines: fc.integer({ min: 1, max: 8 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    refused: fc.nat(255),
  }),
  fc.record({ kind: fc.constant('expire' as const), ms: fc.integer({ min: 0, max: 40 }) }),
);

/** A queue beside a plain list of lines; time goes on by 10 ms a step. */
class Pair {
  readonly queue: LaneQueue = new LaneQueue(new MemoryLineStore());
  model: ModelLine[] = [];
  readonly #outcomes = new Map<Batch, string[]>();
  #now = 0;
  #next = 0;

  do(action: Step): void {
    this.#now += 10;
    if (action.kind === 'write') this.#write(action);
    else if (action.kind === 'expire') this.#expire(this.#now - action.ms);
    else if (action.kind === 'append') this.#append(action.count, action.bytes);
    else this.#sendAgain(action.count, action.bytes);
    this.#compare();
  }

  #append(count: number, bytes: number): void {
    const records = numbers(count, this.#next);
    this.#next += count;
    const batch = batchOf(count, this.#now);
    this.#outcomes.set(
      batch,
      records.map(() => 'pending'),
    );
    const lines = linesOf(records, bytes);
    this.queue.append(batch, 0, lines, null);
    for (const [at, record] of records.entries()) {
      const size = lines.ends[at]! - lineStart(lines, at);
      this.model.push({ record, bytes: size, since: this.#now, sentAt: null, batch, at });
    }
  }

  /** Two pieces, sent at different times. */
  #sendAgain(count: number, bytes: number): void {
    const pieces = [0, 1].map((piece) => {
      const records = numbers(count, this.#next);
      this.#next += count;
      return { records, lines: linesOf(records, bytes), at: piece - this.#now };
    });
    this.queue.sendAgain(pieces, this.#now);
    const before = pieces.flatMap(({ records, lines, at: sentAt }) =>
      records.map((record, at): ModelLine => {
        const size = lines.ends[at]! - lineStart(lines, at);
        return { record, bytes: size, since: this.#now, sentAt, batch: null, at };
      }),
    );
    this.model.unshift(...before);
  }

  #write({ maxBytes, maxLines, share, refused: refusedBits }: Write): void {
    if (this.queue.empty) return;
    const write = this.queue.peek(maxBytes, maxLines);
    const { lines } = write;
    if (write.kind === 'again') assert.ok(write.pieces.every((piece) => piece.lines.ends.length > 0));
    const expected = this.#expected(maxBytes, maxLines);
    assert.deepEqual(
      recordsOf(lines),
      expected.map((line) => line.record),
    );
    assert.equal(lines.ends.at(-1), lines.bytes.length);
    const count = Math.round(share * lines.ends.length);
    if (count === 0) return;
    const pieces = takenLines(write, count, 7_777);
    assert.ok(pieces.every((piece) => piece.lines.ends.length > 0));
    const taken = pieces.flatMap((piece) => recordsOf(piece.lines).map((record) => [record, piece.at]));
    const model = this.model.splice(0, count);
    assert.deepEqual(
      taken,
      model.map((line) => [line.record, line.sentAt ?? 7_777]),
    );
    const refused = numbers(count).filter((line) => line < 8 && (refusedBits & (1 << line)) !== 0);
    const settled = this.queue.settle(write, count, refused);
    const first = model.filter((line) => line.batch !== null);
    const refusedFirst = first.filter((line) => refused.includes(model.indexOf(line)));
    const took = model.filter((_, line) => !refused.includes(line));
    assert.deepEqual(settled, {
      recorded: first.length - refusedFirst.length,
      tooLarge: refusedFirst.length,
      tooLargeId: refusedFirst.length === 0 ? null : '',
      bytes: took.reduce((sum, line) => sum + line.bytes, 0),
    });
    for (const line of first) this.#outcome(line, refusedFirst.includes(line) ? 'too_large' : 'recorded');
  }

  /** The lines of the next write: of one kind, one at least, up to the bounds. */
  #expected(maxBytes: number, maxLines: number): ModelLine[] {
    const expected: ModelLine[] = [];
    let bytes = 0;
    for (const line of this.model.slice(0, maxLines)) {
      bytes += line.bytes;
      const another = (line.batch === null) !== (this.model[0]!.batch === null);
      if (expected.length > 0 && (bytes > maxBytes || another)) break;
      expected.push(line);
    }
    return expected;
  }

  #expire(latest: number): void {
    const waiting = this.model.filter((line) => line.batch !== null && line.since <= latest);
    const late = waiting.filter((line) => this.#outcomes.get(line.batch!)![line.at] === 'pending');
    assert.equal(this.queue.expire(latest), late.length);
    for (const line of late) this.#outcome(line, 'late');
  }

  #outcome({ batch, at }: ModelLine, outcome: string): void {
    const outcomes = this.#outcomes.get(batch!)!;
    if (outcomes[at] === 'pending') outcomes[at] = outcome;
  }

  #compare(): void {
    assert.equal(this.queue.records, this.model.length);
    assert.equal(this.queue.empty, this.model.length === 0);
    const since = this.model.map((line) => line.since);
    assert.equal(this.queue.oldestArrival, since.length === 0 ? null : Math.min(...since));
    const punctual = this.model.find(
      (line) => line.batch !== null && this.#outcomes.get(line.batch)![line.at] === 'pending',
    );
    assert.equal(this.queue.oldestPunctual, punctual?.since ?? null);
    const bytes = this.model.reduce((sum, line) => sum + line.bytes, 0);
    assert.ok(this.queue.bytes >= bytes && this.queue.empty === (this.queue.bytes === 0));
    for (const [batch, wanted] of this.#outcomes) {
      assert.deepEqual(
        wanted.map((_, record) => batch.outcome(0, record)),
        wanted,
      );
    }
  }
}

test('the queue does what a plain list of lines does, and tells who waits for them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const action of steps) pair.do(action);
    }),
    { numRuns: 1_000 },
  );
});

test('thousands of batches pass through in order, the late ones too', () => {
  const queue = new LaneQueue(new MemoryLineStore());
  const batches: Batch[] = [];
  const outcomes: string[] = [];
  let written = 0;
  let looked = 0;
  for (let round = 0; round < 6_000; round++) {
    const batch = batchOf(2, round);
    batches.push(batch);
    queue.append(batch, 0, linesOf([2 * round, 2 * round + 1]), null);
    if (round % 7 === 0) {
      const late = numbers(Math.max(0, 2 * (round - 599) - looked), looked).filter((line) => line >= written);
      assert.equal(queue.expire(round - 600), late.length);
      for (const line of late) outcomes[line] = 'late';
      looked = Math.max(0, 2 * (round - 599));
    }
    if (round < 1_500) continue;
    const write = queue.peek(1_000_000, 3);
    const lines = numbers(write.lines.ends.length, written);
    assert.deepEqual(recordsOf(write.lines), lines);
    queue.settle(write, lines.length, []);
    for (const line of lines) outcomes[line] ??= 'recorded';
    written += lines.length;
  }
  assert.equal(queue.drop('stopping'), 12_000 - written);
  for (const [round, batch] of batches.entries()) {
    for (const record of [0, 1]) {
      assert.equal(batch.outcome(0, record), outcomes[2 * round + record] ?? 'stopping');
    }
  }
  assert.ok(outcomes.includes('late') && outcomes.includes('recorded'));
});

test('emptying gives its reason to every record that waits and counts no line that is sent again', () => {
  const queue = new LaneQueue(new MemoryLineStore());
  const batches = [batchOf(2, 0), batchOf(2, 0)];
  for (const [at, batch] of batches.entries()) queue.append(batch, 0, linesOf([2 * at, 2 * at + 1]), null);
  queue.settle(queue.peek(1_000, 1), 1, []);
  queue.sendAgain([{ lines: linesOf([9]), at: 0 }], 0);
  assert.equal(queue.drop('stopping'), 3);
  const outcomes = batches.flatMap((batch) => [batch.outcome(0, 0), batch.outcome(0, 1)]);
  assert.deepEqual(outcomes, ['recorded', 'stopping', 'stopping', 'stopping']);
  assert.deepEqual([queue.bytes, queue.records, queue.oldestArrival], [0, 0, null]);
});

test('what waits costs its bytes and a little for each piece, until the piece is gone', () => {
  const queue = new LaneQueue(new MemoryLineStore());
  queue.append(batchOf(2, 0), 0, linesOf([0, 1], 100), null);
  assert.equal(queue.bytes, 200 + 512);
  assert.equal(queue.fits(linesOf([2], 100), 712 + 612), true);
  assert.equal(queue.fits(linesOf([2], 100), 712 + 611), false);
  queue.sendAgain([{ lines: linesOf([3], 50), at: 0 }], 0);
  assert.equal(queue.bytes, 712 + 562);
  queue.drop('stopping');
  assert.equal(queue.fits(linesOf([2], 100), 1), true, 'an empty queue takes any');
});
