import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../daemon/clock.ts';
import { type Passer, recordCost, Turns } from '../../../daemon/ingest/turns.ts';

/** Turns of the event loop that a test takes one by one. */
class Loop {
  readonly turns: Turns;
  /** Who has had a piece in this turn, in order. */
  served: string[] = [];
  #next: (() => void)[] = [];

  constructor(turnCost: number, pieceCost: number) {
    const clock: Clock = {
      now: () => 0,
      wallTime: () => 0,
      random: () => 0,
      setTimer: () => () => {},
      nextTurn: (callback) => this.#next.push(callback),
    };
    this.turns = new Turns(clock, { turnCost, pieceCost });
  }

  /** Somebody with so many pieces of a cost of 10 that wait. */
  passer(name: string, pieces: number): Passer {
    let left = pieces;
    const passer: Passer = {
      pass: () => {
        this.served.push(name);
        this.turns.spend(10);
        if (--left > 0) this.turns.wait(passer, false);
      },
    };
    return passer;
  }

  /** Whether there is anything to do in the next turn. */
  get busy(): boolean {
    return this.#next.length > 0;
  }

  turn(): string[] {
    this.served = [];
    for (const callback of this.#next.splice(0)) callback();
    return this.served;
  }
}

test('a record costs itself and its length', () => {
  assert.deepEqual([0, 1_023, 1_024, 10_240].map(recordCost), [1, 1, 2, 11]);
});

test('no more is passed in a turn than it may cost, and the rest in the next ones', () => {
  const loop = new Loop(30, 10);
  for (const name of ['a', 'b']) loop.turns.wait(loop.passer(name, 4), true);
  const served = [loop.turn(), loop.turn(), loop.turn()];
  assert.deepEqual(
    served.map(({ length }) => length),
    [3, 3, 2],
  );
  assert.equal(served.flat().filter((name) => name === 'a').length, 4);
  loop.turn();
  assert.equal(loop.busy, false, 'nothing to do, nothing is done');
});

test('a turn is open until its cost is spent, whoever spends it', () => {
  const loop = new Loop(30, 10);
  loop.turns.spend(29);
  assert.equal(loop.turns.open, true);
  loop.turns.spend(5);
  assert.equal(loop.turns.open, false);
  loop.turn();
  assert.equal(loop.turns.open, true);
});

test('one record of a client that comes new does not wait for a hundred floods', () => {
  const loop = new Loop(100, 10);
  for (let flood = 0; flood < 100; flood++) loop.turns.wait(loop.passer('flood', 1_000), true);
  // Until all floods have had their first piece.
  for (let turn = 0; turn < 20; turn++) loop.turn();
  loop.turns.wait(loop.passer('good', 1), true);
  assert.equal(loop.turn()[0], 'good');
});

test('clients that come new without end do not keep others from their turn', () => {
  const loop = new Loop(100, 10);
  loop.turns.wait(loop.passer('large', 20), true);
  loop.turn();
  for (let turn = 0; turn < 2; turn++) {
    for (let each = 0; each < 50; each++) loop.turns.wait(loop.passer('new', 1), true);
    const served = loop.turn();
    assert.equal(served.length, 10);
    assert.equal(served.filter((name) => name === 'large').length, 5);
  }
});

test('whoever leaves has no turn', () => {
  const loop = new Loop(100, 10);
  const gone = loop.passer('gone', 1);
  for (const fresh of [true, false]) {
    loop.turns.wait(gone, fresh);
    loop.turns.leave(gone);
  }
  assert.deepEqual(loop.turn(), []);
});
