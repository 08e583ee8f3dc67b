import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../daemon/clock.ts';
import { Backoff } from '../../../daemon/delivery/backoff.ts';

function clockAt(time: { now: number }, random: () => number): Clock {
  return { now: () => time.now, wallTime: () => 0, random, setTimer: () => () => {}, nextTurn: () => {} };
}

test('pauses double from a tenth of a second to five seconds, less up to half by chance', () => {
  const longest = new Backoff(clockAt({ now: 0 }, () => 1 - Number.EPSILON));
  const shortest = new Backoff(clockAt({ now: 0 }, () => 0));
  for (const wanted of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]) {
    assert.ok(Math.abs(longest.next() - wanted) < 0.001);
    assert.equal(shortest.next(), wanted / 2);
  }
});

test('a destination that held for ten seconds starts from the shortest pause, one that did not goes on', () => {
  const time = { now: 7_000 };
  const backoff = new Backoff(clockAt(time, () => 0));
  assert.deepEqual([backoff.next(), backoff.next(), backoff.next()], [50, 100, 200]);
  backoff.opened();
  time.now += 9_999;
  assert.equal(backoff.next(), 400);
  backoff.opened();
  time.now += 10_000;
  assert.equal(backoff.next(), 50);
  time.now += 60_000;
  assert.equal(backoff.next(), 100, 'only time in which it was open counts');
});

test('a pause stays the longest however often it fails', () => {
  const backoff = new Backoff(clockAt({ now: 0 }, () => 0));
  for (let failures = 0; failures < 2_000; failures++) backoff.next();
  assert.equal(backoff.next(), 2_500);
});
