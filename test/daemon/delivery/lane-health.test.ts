import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../daemon/clock.ts';
import { LaneHealth } from '../../../daemon/delivery/lane-health.ts';
import { failure } from './hand-device.ts';

/** A lane's health on a clock that the test moves; wall time is a million ahead. */
class HealthUnderTest {
  now = 5_000;
  readonly changes: string[] = [];
  readonly health: LaneHealth;

  constructor() {
    const clock: Clock = {
      now: () => this.now,
      wallTime: () => this.now + 1_000_000,
      random: () => 0,
      setTimer: () => () => {},
      nextTurn: () => {},
    };
    this.health = new LaneHealth(clock, (from, to) => this.changes.push(`${from} ${to}`));
  }

  /** The state for a device that reports no error, after this wait. */
  after(waitedMs: number, writeTimeoutMs: number): string {
    this.health.observe(null, waitedMs, writeTimeoutMs);
    return this.health.state;
  }
}

test('a device is slow from half the write timeout on, and blocked from the whole', () => {
  const under = new HealthUnderTest();
  assert.equal(under.after(499, 1_000), 'ok');
  assert.equal(under.after(500, 1_000), 'slow');
  assert.equal(under.after(999, 1_000), 'slow');
  assert.equal(under.after(1_000, 1_000), 'blocked');
  assert.equal(under.after(0, 1_000), 'ok');
  assert.deepEqual(under.changes, ['ok slow', 'slow blocked', 'blocked ok']);
});

test('without a write timeout it is slow after a second, and never blocked', () => {
  const under = new HealthUnderTest();
  assert.equal(under.after(999, 0), 'ok');
  assert.equal(under.after(1_000, 0), 'slow');
  assert.equal(under.after(1e9, 0), 'slow');
  assert.equal(under.after(0.4, 1), 'ok', 'the shortest timeout is one');
  assert.equal(under.after(0.6, 1), 'slow');
  assert.equal(under.after(1, 1), 'blocked');
});

test('an error says more than a wait, and disabled is final', () => {
  const under = new HealthUnderTest();
  under.health.observe('failing', 10_000, 1_000);
  assert.equal(under.health.state, 'failing');
  under.health.disable();
  under.health.observe(null, 0, 1_000);
  under.health.observe('failing', 0, 1_000);
  assert.equal(under.health.state, 'disabled');
  assert.deepEqual(under.changes, ['ok failing', 'failing disabled']);
});

test('a state is known with since when, and the last failure with when it was', () => {
  const under = new HealthUnderTest();
  assert.deepEqual([under.health.since, under.health.lastFailure], [1_005_000, null]);
  under.now = 6_000;
  under.health.failed(failure('refused'));
  under.health.observe('failing', 0, 1_000);
  under.now = 7_000;
  under.health.observe('failing', 0, 1_000);
  assert.equal(under.health.since, 1_006_000);
  assert.deepEqual(under.health.lastFailure, {
    reason: 'refused',
    message: 'Cannot go on: refused',
    at: 1_006_000,
  });
});

test('the time in blocked adds up over its episodes, the present one included', () => {
  const under = new HealthUnderTest();
  assert.equal(under.health.blockedMs, 0);
  under.after(1_000, 1_000);
  under.now += 300;
  assert.equal(under.health.blockedMs, 300);
  under.after(1_300, 1_000);
  under.now += 100;
  under.after(600, 1_000);
  under.now += 5_000;
  assert.equal(under.health.blockedMs, 400);
  under.after(1_000, 1_000);
  under.now += 50;
  assert.equal(under.health.blockedMs, 450);
  under.health.disable();
  under.now += 5_000;
  assert.equal(under.health.blockedMs, 450);
});

test('a file that could not follow a rotation is failing and takes records, unless it takes none', () => {
  const { health } = new HealthUnderTest();
  const seen = (trouble: 'failing' | 'astray' | null, waitedMs: number): [string, boolean] => {
    health.observe(trouble, waitedMs, 1_000);
    return [health.state, health.takes];
  };
  assert.deepEqual(seen(null, 0), ['ok', true]);
  assert.deepEqual(seen('astray', 0), ['failing', true]);
  assert.deepEqual(seen('astray', 600), ['failing', true]);
  assert.deepEqual(seen('astray', 1_000), ['blocked', false]);
  assert.deepEqual(seen('failing', 0), ['failing', false]);
  assert.deepEqual(seen(null, 600), ['slow', true]);
  health.disable();
  assert.deepEqual(seen('astray', 0), ['disabled', false]);
});
