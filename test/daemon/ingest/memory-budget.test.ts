import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BudgetedReader, MemoryBudget } from '../../../daemon/ingest/memory-budget.ts';
import { Random } from '../../simulation/random.ts';
import { runTimers, VirtualClock } from '../../simulation/virtual-clock.ts';
import { idleReader } from './idle-reader.ts';

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

  get stuckBytes(): number {
    return this.#held;
  }

  get inFlightBytes(): number {
    return this.#inFlight;
  }

  get fixedBytes(): number {
    return 0;
  }

  get aheadBytes(): number {
    return 0;
  }

  get finished(): boolean {
    return this.#records.length === 0 && this.#inFlight === 0;
  }

  get stuckSince(): null {
    return null;
  }

  giveWay(): void {
    this.#records.shift();
    this.#held = 0;
    this.resume();
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
      const budget = new MemoryBudget(
        () => limit,
        clock,
        () => {},
      );
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
      // Each reads one chunk before it asks, and one that is alone finishes its record.
      assert.ok(most <= limit + largest + chunkBytes * readers.length * 2, `${most} bytes at once`);
      assert.equal(await runTimers(clock, () => false), false, 'no timer goes on for ever');
    }),
    { numRuns: 200, includeErrorInReport: true },
  );
});

test('a reader with less than its share is never held back', () => {
  const clock = new VirtualClock(new Random(1));
  const budget = new MemoryBudget(
    () => 100,
    clock,
    () => {},
  );
  const large: BudgetedReader = { ...idleReader, bytes: 1_000, inFlightBytes: 1_000 };
  const small: BudgetedReader = { ...idleReader, bytes: 49, stuckBytes: 49 };
  budget.join(large);
  budget.join(small);
  assert.equal(budget.mayRead(large), false);
  assert.equal(budget.mayRead(small), true);
});

/** Readers whose numbers a test sets, on a clock that it moves. */
class Bench {
  readonly clock: VirtualClock = new VirtualClock(new Random(1));
  readonly budget: MemoryBudget;
  /** Who was resumed, in order. */
  readonly resumed: string[] = [];
  /** Who gave up its unfinished record, in order. */
  readonly gaveWay: string[] = [];

  constructor(limit: number) {
    this.budget = new MemoryBudget(
      () => limit,
      this.clock,
      () => {},
    );
  }

  reader(
    name: string,
    bytes: number,
    inFlightBytes = 0,
  ): { bytes: number; fixedBytes: number; aheadBytes: number } & BudgetedReader {
    const reader = {
      bytes,
      inFlightBytes,
      fixedBytes: 0,
      aheadBytes: 0,
      get stuckBytes() {
        return Math.max(0, reader.bytes - inFlightBytes);
      },
      stuckSince: this.clock.now(),
      resume: () => this.resumed.push(name),
      giveWay: () => {
        this.gaveWay.push(name);
        reader.bytes = inFlightBytes;
      },
    };
    this.budget.join(reader);
    return reader;
  }

  async pass(ms: number): Promise<string[]> {
    let reached = false;
    this.clock.setTimer(ms, () => {
      reached = true;
    });
    await runTimers(this.clock, () => reached);
    return this.resumed.splice(0);
  }
}

test('memory is short from the limit on, and for those alone that hold their even share', () => {
  const bench = new Bench(100);
  const large = bench.reader('large', 50, 50);
  const other = bench.reader('other', 49, 49);
  assert.equal(bench.budget.mayRead(large), true, '99 of 100');
  other.bytes = 50;
  assert.equal(bench.budget.mayRead(large), false, '100 of 100');
  other.bytes = 60;
  large.bytes = 49;
  assert.equal(bench.budget.mayRead(large), true, 'less than 50 each');
  large.bytes = 50;
  assert.equal(bench.budget.mayRead(large), false);
  bench.budget.leave(other);
  assert.equal(bench.budget.mayRead(large), true, 'what another held counts no more');
});

test('those who wait are looked at every 50 ms, and all go on when there is memory', async () => {
  const bench = new Bench(100);
  const one = bench.reader('one', 60, 60);
  const two = bench.reader('two', 60, 60);
  assert.equal(bench.budget.mayRead(one), false);
  assert.equal(bench.budget.mayRead(two), false);
  assert.deepEqual(await bench.pass(120), []);
  one.bytes = 39;
  assert.deepEqual(await bench.pass(29.9), []);
  assert.deepEqual(await bench.pass(0.1), ['one', 'two']);
  assert.deepEqual(await bench.pass(200), [], 'once');
  assert.equal(await runTimers(bench.clock, () => false), false, 'nobody is looked at when nobody waits');
});

test('the largest unfinished records give way at once, as many as it takes', () => {
  const bench = new Bench(100);
  bench.reader('30', 30);
  const largest = bench.reader('60', 60);
  bench.reader('40', 40);
  const asks = bench.reader('35', 35);
  assert.equal(bench.budget.mayRead(asks), true);
  assert.deepEqual(bench.gaveWay, ['60', '40'], '105 is still too much, 65 is not');
  assert.equal(largest.bytes, 0);
  const grown = bench.reader('70', 70);
  assert.equal(bench.budget.mayRead(grown), true);
  assert.deepEqual(bench.gaveWay, ['60', '40', '70'], 'whoever asks gives way like any other');
});

test('a record that is on its way stays before a smaller one that has long been held', async () => {
  const bench = new Bench(100);
  bench.reader('small and old', 45);
  await bench.pass(1_000);
  const large = bench.reader('large and new', 60);
  assert.equal(bench.budget.mayRead(large), true);
  assert.deepEqual(bench.gaveWay, ['small and old']);
});

test('for what is in flight connections wait: unfinished records give way from more than half on', () => {
  const bench = new Bench(100);
  bench.reader('in flight', 60, 60);
  const unfinished = bench.reader('unfinished', 50);
  assert.equal(bench.budget.mayRead(unfinished), false);
  assert.deepEqual(bench.gaveWay, []);
  unfinished.bytes = 51;
  assert.equal(bench.budget.mayRead(unfinished), true);
  assert.deepEqual(bench.gaveWay, ['unfinished']);
});

test('a record that is alone is read to its end, and one that has become alone too', async () => {
  const bench = new Bench(100);
  const one = bench.reader('one', 100);
  assert.equal(bench.budget.mayRead(one), true);
  const other = bench.reader('other', 60, 60);
  one.bytes = 50;
  assert.equal(bench.budget.mayRead(one), false);
  bench.budget.leave(other);
  one.bytes = 100;
  assert.deepEqual(await bench.pass(55), ['one']);
  assert.deepEqual(bench.gaveWay, []);
});

test('whoever leaves is not resumed', async () => {
  const bench = new Bench(100);
  const one = bench.reader('one', 70, 70);
  const two = bench.reader('two', 70, 70);
  for (const reader of [one, two]) assert.equal(bench.budget.mayRead(reader), false);
  bench.budget.leave(one);
  assert.deepEqual(await bench.pass(50), ['two']);
});

test('what is fixed or read ahead is taken from the limit, up to half of it', () => {
  const bench = new Bench(100);
  const large = bench.reader('large', 59, 59);
  const other = bench.reader('other', 0);
  other.fixedBytes = 40;
  assert.equal(bench.budget.mayRead(large), true, '59 of 60');
  other.fixedBytes = 20;
  other.aheadBytes = 21;
  assert.equal(bench.budget.mayRead(large), false, '59 of 59');
  other.fixedBytes = 1_000;
  large.bytes = 50;
  assert.equal(bench.budget.mayRead(large), false, '50 of 50');
  large.bytes = 49;
  assert.equal(bench.budget.mayRead(large), true, '49 of 50');
});

test('what has been read is looked at while there is memory, and one piece when nothing is in flight', async () => {
  const bench = new Bench(100);
  const waits = bench.reader('waits', 60, 0);
  const other = bench.reader('other', 50, 50);
  assert.equal(bench.budget.mayPass(waits), false);
  other.bytes = 39;
  assert.equal(bench.budget.mayPass(waits), true);
  bench.budget.leave(other);
  const stands = bench.reader('stands', 60, 0);
  assert.equal(bench.budget.mayPass(stands), true, 'nothing leaves by itself: somebody has to go on');
  assert.deepEqual(await bench.pass(60), ['waits'], 'who waited is told');
});

test('much memory that is not used any more is told of, be it of those who left or of what gave way', () => {
  const mebibyte = 1024 ** 2;
  const told: number[] = [];
  const clock = new VirtualClock(new Random(1));
  const budget = new MemoryBudget(
    () => 10 * mebibyte,
    clock,
    (bytes) => told.push(bytes),
  );
  const reader = (bytes: number): BudgetedReader => {
    const made = {
      bytes,
      inFlightBytes: 0,
      get stuckBytes() {
        return made.bytes;
      },
      stuckSince: 0,
      fixedBytes: 1_000,
      aheadBytes: 0,
      resume: () => {},
      giveWay: () => {
        made.bytes = 0;
      },
    };
    budget.join(made);
    return made;
  };
  const little = reader(mebibyte);
  budget.leave(little);
  budget.leave(little);
  assert.deepEqual(told, [], 'little is not worth it');
  budget.leave(reader(3 * mebibyte));
  assert.deepEqual(told, [4 * mebibyte + 2_000]);
  reader(8 * mebibyte);
  assert.equal(budget.mayRead(reader(7 * mebibyte)), true);
  assert.deepEqual(told.slice(1), [8 * mebibyte]);
});
