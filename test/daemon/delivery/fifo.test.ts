import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fifo } from '../../../daemon/delivery/fifo.ts';

test('it does what a plain array does', () => {
  const step = fc.oneof(
    fc.constantFrom('push', 'push', 'shift', 'shift', 'takeAll'),
    fc.array(fc.integer(), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      for (const [value, action] of steps.entries()) {
        if (typeof action !== 'string') {
          fifo.putBefore(action);
          model.unshift(...action);
        } else if (action === 'push') {
          fifo.push(value);
          model.push(value);
        } else if (action === 'takeAll') {
          assert.deepEqual(fifo.takeAll(), model);
          model = [];
        } else if (model.length > 0) {
          fifo.shift();
          model.shift();
        }
        assert.equal(fifo.length, model.length);
        assert.equal(fifo.last, model.at(-1));
        for (const index of [0, 1, 2]) assert.equal(fifo.at(index), model[index]);
      }
    }),
  );
});

test('a hundred thousand values pass through a long queue soon', () => {
  const fifo = new Fifo<number>();
  for (let value = 0; value < 100_000; value++) fifo.push(value);
  for (let value = 0; value < 200_000; value++) {
    assert.equal(fifo.at(0), value);
    fifo.shift();
    if (value < 100_000) fifo.push(100_000 + value);
  }
  assert.equal(fifo.length, 0);
});
