import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BudgetedReader, MemoryBudget } from '../../../daemon/ingest/memory-budget.ts';
import { Random } from '../../simulation/random.ts';
import { runTimers, VirtualClock } from '../../simulation/virtual-clock.ts';

const chunkBytes = 10;
const answerMs = 5;

/** A connection whose sender always has more to send: records of the sizes given, one after another. */
class Reader implements BudgetedReader {
  readonly #clock: VirtualClock;
  readonly #budget: MemoryBudget;
  readonly #records: number[];
  readonly #read: () => void;
  #held = 0;
  #inFlight = 0;
  #paused = false;

  constructor(clock: VirtualClock, budget: MemoryBudget, records: readonly number[], read: () => void) {
    this.#clock = clock;
    this.#budget = budget;
    this.#records = [...records];
    this.#read = read;
    budget.join(this);
    clock.setTimer(1, () => this.#receive());
  }

  get bytes(): number {
    return this.#held + this.#inFlight;
  }

  get inFlightBytes(): number {
    return this.#inFlight;
  }

  get finished(): boolean {
    return this.#records.length === 0 && this.#inFlight === 0;
  }

  resume(): void {
    if (!this.#paused || !this.#budget.mayRead(this)) return;
    this.#paused = false;
    this.#clock.setTimer(1, () => this.#receive());
  }

  #receive(): void {
    const record = this.#records[0];
    if (record === undefined) return;
    this.#held += chunkBytes;
    this.#read();
    if (this.#held >= record) {
      const bytes = this.#held;
      this.#records.shift();
      this.#held = 0;
      this.#inFlight += bytes;
      this.#clock.setTimer(answerMs, () => {
        this.#inFlight -= bytes;
        this.resume();
      });
    }
    this.#paused = true;
    this.resume();
  }
}

test('everything is read in the end, whatever the records and however small the memory', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 6 });
  const drawn = fc.tuple(fc.array(sizes, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 600 }));
  await fc.assert(
    fc.asyncProperty(drawn, async ([senders, limit]) => {
      const clock = new VirtualClock(new Random(1));
      const budget = new MemoryBudget(() => limit, clock);
      const largest = Math.max(...senders.flat()) + chunkBytes;
      let readers: Reader[] = [];
      let most = 0;
      const look = (): void => {
        most = Math.max(
          most,
          readers.reduce((sum, reader) => sum + reader.bytes, 0),
        );
      };
      readers = senders.map((records) => new Reader(clock, budget, records, look));
      const done = await runTimers(clock, () => readers.every((reader) => reader.finished));
      assert.ok(done, 'no reader waits for ever');
      // Each reads one chunk before it asks, and one of them at a time finishes a record.
      assert.ok(most <= limit + largest + chunkBytes * readers.length * 2, `${most} bytes at once`);
      assert.equal(await runTimers(clock, () => false), false, 'no timer goes on for ever');
    }),
    { numRuns: 200, includeErrorInReport: true },
  );
});

test('a sender that stops in the midst of its record does not hold up the others', async () => {
  const clock = new VirtualClock(new Random(1));
  const budget = new MemoryBudget(() => 100, clock);
  const stuck: BudgetedReader[] = [0, 1].map(() => ({ bytes: 90, inFlightBytes: 0, resume: () => {} }));
  for (const reader of stuck) {
    budget.join(reader);
    assert.equal(budget.mayRead(reader), reader === stuck[0]);
  }
  assert.equal(budget.mayRead(stuck[0]!), false);
  const reader = new Reader(clock, budget, [200, 200], () => {});
  assert.equal(await runTimers(clock, () => reader.finished), true);
});

test('a reader with less than its share is never held back', () => {
  const clock = new VirtualClock(new Random(1));
  const budget = new MemoryBudget(() => 100, clock);
  const large: BudgetedReader = { bytes: 1_000, inFlightBytes: 1_000, resume: () => {} };
  const small: BudgetedReader = { bytes: 49, inFlightBytes: 0, resume: () => {} };
  budget.join(large);
  budget.join(small);
  assert.equal(budget.mayRead(large), false);
  assert.equal(budget.mayRead(small), true);
});
