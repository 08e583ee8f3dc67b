import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Signal, Signals } from '../../../daemon/service/signals.ts';
import { Random } from '../../simulation/random.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';
import { logInto } from '../../support/log-lines.ts';

/** Signals of this process: Node is told that they came, which the system was never asked to send. */
function subject(t: TestContext) {
  const clock = new VirtualClock(new Random(1));
  const log: string[] = [];
  const ends: number[] = [];
  let stopMs = 1000;
  const signals = new Signals({
    clock,
    log: logInto(log, 'debug'),
    longestStopMs: () => stopMs,
    endNow: () => ends.push(clock.now()),
  });
  t.after(() => signals.close());
  return {
    clock,
    signals,
    log,
    ends,
    send: (signal: Signal) => process.emit(signal),
    allow: (ms: number) => {
      stopMs = ms;
    },
  };
}

test('signals wait for who asks, in their order, and several reloads are one', async (t) => {
  const { signals, send } = subject(t);
  const first = signals.next();
  send('SIGHUP');
  assert.equal(await first, 'SIGHUP');
  for (let time = 0; time < 3; time++) send('SIGHUP');
  assert.equal(await signals.next(), 'SIGHUP');
  const later = signals.next();
  let came = false;
  void later.then(() => {
    came = true;
  });
  await new Promise(setImmediate);
  assert.equal(came, false, 'nothing is left of the three');
  send('SIGINT');
  assert.equal(await later, 'SIGINT');
});

test('a signal that asks for an end overtakes reloads, and is told to who waits for nothing else', async (t) => {
  const { signals, send, ends } = subject(t);
  let ending = false;
  void signals.ending.then(() => {
    ending = true;
  });
  send('SIGHUP');
  await new Promise(setImmediate);
  assert.equal(ending, false);
  send('SIGTERM');
  await signals.ending;
  assert.equal(await signals.next(), 'SIGTERM');
  assert.deepEqual(ends, []);
});

test('the second one ends the process at once, whatever the two are', (t) => {
  for (const [first, second] of [
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
    ['SIGQUIT', 'SIGTERM'],
    ['SIGINT', 'SIGQUIT'],
  ] as const) {
    const { signals, send, ends, log } = subject(t);
    send(first);
    send('SIGHUP');
    assert.deepEqual(ends, []);
    send(second);
    assert.deepEqual(ends, [0]);
    assert.match(log.join(''), /error ended at once why="second signal"/);
    signals.close();
  }
});

test('a stop that takes longer than it may is ended, by what is in force when it begins', (t) => {
  const { clock, signals, send, ends, log, allow } = subject(t);
  allow(5000);
  send('SIGTERM');
  allow(1);
  // Also when the daemon is down: the process may still be kept.
  signals.close();
  while (clock.fireNext());
  assert.deepEqual(ends, [5000]);
  assert.match(log.join(''), /error ended at once why="stop took too long"/);
});

test('after the end nothing listens to signals any more', (t) => {
  const count = (): number[] =>
    (['SIGHUP', 'SIGTERM', 'SIGINT', 'SIGQUIT'] as const).map((signal) => process.listenerCount(signal));
  const before = count();
  const { signals } = subject(t);
  assert.deepEqual(
    count(),
    before.map((each) => each + 1),
  );
  signals.close();
  assert.deepEqual(count(), before);
});
