import assert from 'node:assert/strict';
import { test } from 'node:test';
import { returnMemory } from '../../../daemon/service/memory-return.ts';
import { HeldClock } from '../../support/held-clock.ts';

const mebibyte = 1024 * 1024;

test('memory that was freed is given back once there is much of it, and what stays in use is asked for ever more seldom', () => {
  const clock = new HeldClock();
  const used = { rss: 90 * mebibyte, heapTotal: 20 * mebibyte, external: 10 * mebibyte };
  let inUse = 0;
  let trims = 0;
  const stop = returnMemory(
    clock,
    () => ({ ...used }),
    () => {
      trims++;
      used.rss = 90 * mebibyte + inUse;
    },
  );
  const afterALook = (): number => {
    clock.fire();
    return trims;
  };
  assert.equal(afterALook(), 0);
  // What buffers and the heap take is not kept by anybody.
  used.rss += 300 * mebibyte;
  used.external += 300 * mebibyte;
  assert.equal(afterALook(), 0);
  used.external -= 300 * mebibyte;
  assert.equal(afterALook(), 1);
  assert.equal(afterALook(), 1);
  used.rss += 10 * mebibyte;
  assert.equal(afterALook(), 1, 'not for so little');
  inUse = 100 * mebibyte;
  used.rss += 100 * mebibyte;
  assert.equal(afterALook(), 2);
  assert.equal(afterALook(), 3, 'what could not be given back is in use, or was a moment ago');
  assert.deepEqual([afterALook(), afterALook()], [3, 4]);
  assert.deepEqual([1, 2, 3, 4].map(afterALook), [4, 4, 4, 5]);
  // The flood is over a moment after a try in vain: nobody waits for the next one.
  used.rss += 200 * mebibyte;
  inUse = 0;
  assert.equal(afterALook(), 6);
  assert.equal(used.rss, 90 * mebibyte);
  assert.equal(afterALook(), 6);
  used.rss += 20 * mebibyte;
  assert.equal(afterALook(), 7, 'what was in use before counts no more');
  stop();
  used.rss += 500 * mebibyte;
  assert.equal(afterALook(), 7);
});
