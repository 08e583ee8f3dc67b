import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StopSteps } from '../../daemon/stop-steps.ts';
import { Random } from '../simulation/random.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';
import { logInto } from '../support/log-lines.ts';

/** Steps on a clock that the test moves, with what was undone and logged. */
function subject() {
  const clock = new VirtualClock(new Random(1));
  const log: string[] = [];
  const steps = new StopSteps(clock, logInto(log, 'debug'));
  const undone: string[] = [];
  const add = (name: string, work: () => Promise<void> | void = () => {}, limitMs = 100): void =>
    steps.add({
      name,
      limitMs: () => limitMs,
      undo: (allEnded) => {
        undone.push(allEnded ? name : `${name}, others at work`);
        return work();
      },
    });
  return { clock, steps, add, undone, log: () => log.map((line) => line.slice(25, -1)) };
}

const never = (): Promise<void> => new Promise(() => {});
const settled = (): Promise<void> => new Promise(setImmediate);

test('steps are undone one after the other, the last one first, and each tells how long it took', async () => {
  const { clock, steps, add, undone, log } = subject();
  add('first');
  add('second', () => new Promise((resolve) => clock.setTimer(40, resolve)));
  add('third');
  const stopped = steps.run();
  await settled();
  assert.deepEqual(undone, ['third', 'second']);
  assert.ok(clock.fireNext());
  assert.equal(await stopped, true);
  assert.deepEqual(undone, ['third', 'second', 'first']);
  assert.deepEqual(log(), [
    'debug stop step done step=third ms=0',
    'debug stop step done step=second ms=40',
    'debug stop step done step=first ms=0',
  ]);
  // The limit of a step that has ended does not hold the clock.
  assert.equal(clock.fireNext(), false);
});

test('one that fails, at once or later, keeps no other from being undone', async () => {
  const { steps, add, undone, log } = subject();
  add('first');
  add('later', () => Promise.reject(Object.assign(new Error('s.secret'), { errno: -13, code: 'EACCES' })));
  add('at once', () => {
    throw new Error('s.secret');
  });
  assert.equal(await steps.run(), false);
  assert.deepEqual(undone, ['at once', 'later', 'first']);
  assert.deepEqual(log(), [
    'error stop step failed step="at once" ms=0 error="unexpected error"',
    'error stop step failed step=later ms=0 error="permission denied"',
    'debug stop step done step=first ms=0',
  ]);
});

test('one that hangs is cut off at its limit, and those after it know that it may still be at work', async () => {
  const { clock, steps, add, undone, log } = subject();
  add('first');
  add('hangs', never, 250);
  add('third');
  const stopped = steps.run();
  await settled();
  assert.deepEqual(undone, ['third', 'hangs']);
  assert.ok(clock.fireNext());
  assert.equal(await stopped, false);
  assert.equal(clock.now(), 250);
  assert.deepEqual(undone, ['third', 'hangs', 'first, others at work']);
  assert.equal(log()[1], 'error stop step cut off step=hangs ms=250');
});

test('one that fails after it was cut off harms nothing', async () => {
  const { clock, steps, add } = subject();
  let fail = (): void => {};
  add('late', () => new Promise((_resolve, reject) => (fail = () => reject(new Error('late')))));
  const stopped = steps.run();
  await settled();
  clock.fireNext();
  assert.equal(await stopped, false);
  fail();
  await settled();
});

test('however often it is asked for, everything is undone once', async () => {
  const { steps, add, undone } = subject();
  add('one');
  const results = await Promise.all([steps.run(), steps.run()]);
  assert.deepEqual([...results, await steps.run()], [true, true, true]);
  assert.deepEqual(undone, ['one']);
});

test('what comes while the stop is under way is the next to be undone, and after it at once', async () => {
  const { clock, steps, add, undone } = subject();
  add('first');
  add('second', () => new Promise((resolve) => clock.setTimer(10, resolve)));
  const stopped = steps.run();
  await settled();
  add('came early');
  add('came late');
  await settled();
  assert.deepEqual(undone, ['second']);
  clock.fireNext();
  assert.equal(await stopped, true);
  assert.deepEqual(undone, ['second', 'came late', 'came early', 'first']);
  add('came after it', () => Promise.reject(new Error('x')));
  assert.equal(await steps.run(), false);
  assert.equal(undone.at(-1), 'came after it');
  add('and one more');
  assert.equal(await steps.run(), false);
  assert.equal(undone.at(-1), 'and one more');
});
