import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OneAtATime } from '../../devices/one-at-a-time.ts';

/** Work that is written down when it begins, and ends when it is told to. */
function work(begun: string[], name: string): { run: () => Promise<string>; end: () => void } {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = async (): Promise<string> => {
    begun.push(name);
    await ended;
    return name;
  };
  return { run, end };
}

test('work begins at once when nothing is under way, else in its order, and what goes first before the rest', async () => {
  const turns = new OneAtATime();
  const begun: string[] = [];
  const [a, b, c, d, e] = [...'abcde'].map((name) => work(begun, name)) as [
    ReturnType<typeof work>,
    ReturnType<typeof work>,
    ReturnType<typeof work>,
    ReturnType<typeof work>,
    ReturnType<typeof work>,
  ];
  assert.equal(turns.isBusy, false);
  const all = [turns.run(a.run), turns.run(b.run)];
  assert.deepEqual([begun, turns.isBusy, turns.isAsked], [['a'], true, false]);
  all.push(turns.runFirst(c.run), turns.run(d.run), turns.runFirst(e.run));
  assert.equal(turns.isAsked, true);
  for (const each of [b, c, d, e]) each.end();
  await new Promise(setImmediate);
  assert.deepEqual(begun, ['a']);
  a.end();
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(begun, ['a', 'c', 'e', 'b', 'd']);
  assert.deepEqual([turns.isBusy, turns.isAsked], [false, false]);
});

test('work that fails, or throws before it waits, fails for who asked for it and keeps nobody from beginning', async () => {
  const turns = new OneAtATime();
  const rejected = turns.run(() => Promise.reject(new Error('one')));
  const thrown = turns.run(() => {
    throw new Error('two');
  });
  const behind = turns.run(async () => 'three');
  await assert.rejects(rejected, /one/);
  await assert.rejects(thrown, /two/);
  assert.equal(await behind, 'three');
  assert.equal(turns.isBusy, false);
});

test('whoever comes while the next is about to begin waits behind it', async () => {
  const turns = new OneAtATime();
  const begun: string[] = [];
  const first = work(begun, 'first');
  const second = work(begun, 'second');
  const one = turns.run(first.run);
  const two = turns.run(second.run);
  const late = one.then(() => turns.run(async () => void begun.push('late')));
  first.end();
  await one;
  second.end();
  await Promise.all([two, late]);
  assert.deepEqual(begun, ['first', 'second', 'late']);
});
