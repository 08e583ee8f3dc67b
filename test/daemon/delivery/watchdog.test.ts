import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broker } from '../../../daemon/delivery/broker.ts';
import { Watchdog } from '../../../daemon/delivery/watchdog.ts';
import type { Log, LogFields } from '../../../daemon/log/log.ts';
import { runTimers } from '../../simulation/virtual-clock.ts';
import { LaneUnderTest } from './lane-under-test.ts';

interface Noticed {
  readonly at: number;
  readonly event: string;
  readonly fields: LogFields;
}

/** A lane that only the watchdog looks at. */
function watch(under: LaneUnderTest): { noticed: Noticed[]; watchdog: Watchdog } {
  const noticed: Noticed[] = [];
  const note = (event: string, fields: LogFields = {}): void => {
    noticed.push({ at: under.world.clock.now(), event, fields });
  };
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const broker = new Broker({ kind: 'any' });
  broker.add(under.lane);
  const watchdog = new Watchdog(under.world.clock, broker, log);
  const push = under.states.push.bind(under.states);
  under.states.push = (...states) => {
    for (const state of states) watchdog.stateChanged(under.lane, state);
    return push(...states);
  };
  watchdog.start();
  return { noticed, watchdog };
}

async function passUnwatched(under: LaneUnderTest, ms: number): Promise<void> {
  let reached = false;
  under.world.after(ms, () => {
    reached = true;
  });
  await runTimers(under.world.clock, () => reached);
}

test('a device that blocks is logged once, soon after its write timeout, and once when it is over', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 1_000 });
  await under.open();
  const { noticed, watchdog } = watch(under);
  under.destination.setTrouble('hang');
  const began = under.world.clock.now();
  under.send(3);
  await passUnwatched(under, 60_000);
  assert.deepEqual(
    noticed.map(({ event }) => event),
    ['device blocked'],
  );
  assert.ok(noticed[0]!.at - began <= 1_100);
  assert.equal(noticed[0]!.fields['device'], 'device/');
  assert.equal(noticed[0]!.fields['waiting_records'], 3);
  under.destination.setTrouble('none');
  await passUnwatched(under, 200);
  assert.equal(noticed[1]?.event, 'device recovered');
  assert.ok(Number(noticed[1]!.fields['seconds']) >= 58);
  assert.equal(noticed.length, 2);
  watchdog.stop();
});

test('a device that fails is logged with its reason, however often it is tried again', async () => {
  const under = new LaneUnderTest();
  const { noticed, watchdog } = watch(under);
  under.destination.setTrouble('refusing');
  under.send(1);
  await passUnwatched(under, 30_000);
  assert.deepEqual(
    noticed.map(({ event, fields }) => [event, fields['reason']]),
    [['device failing', 'permission']],
  );
  assert.ok(under.lane.status().counters.failures.permission > 3);
  watchdog.stop();
});

test('what changes by time alone is seen again and again: a device is slow long after the start', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 1_000 });
  await under.open();
  const { watchdog } = watch(under);
  await passUnwatched(under, 5_000);
  under.destination.setTrouble('hang');
  under.send(1);
  await passUnwatched(under, 650);
  assert.equal(under.lane.state, 'slow');
  watchdog.stop();
});

test('each trouble is logged anew, with how long it lasted', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 1_000 });
  await under.open();
  const { noticed, watchdog } = watch(under);
  for (const seconds of [10, 20]) {
    under.destination.setTrouble('hang');
    under.send(1);
    await passUnwatched(under, seconds * 1_000);
    under.destination.setTrouble('none');
    await passUnwatched(under, 5_000);
  }
  assert.deepEqual(
    noticed.map(({ event, fields }) => [event, Math.round(Number(fields['seconds'] ?? 0))]),
    [
      ['device blocked', 0],
      ['device recovered', 9],
      ['device blocked', 0],
      ['device recovered', 19],
    ],
  );
  watchdog.stop();
});

test('a device that was only reached again and has taken nothing has not recovered, and is in the same trouble still', async () => {
  const under = new LaneUnderTest({ transport: 'stream' });
  await under.open();
  const { noticed, watchdog } = watch(under);
  for (let round = 0; round < 5; round++) {
    under.destination.setTrouble('refusing');
    under.device.breakOff(false);
    await passUnwatched(under, 5_000);
    assert.equal(under.lane.state, 'failing');
    under.destination.setTrouble('none');
    await passUnwatched(under, 20_000);
    assert.equal(under.lane.state, 'ok');
  }
  assert.deepEqual(
    noticed.map(({ event }) => event),
    ['device failing'],
  );
  // Nor has one that takes a line and goes away.
  for (let round = 0; round < 5; round++) {
    under.send(1);
    await passUnwatched(under, 300);
    assert.equal(under.lane.state, 'ok');
    under.device.breakOff(false);
    await passUnwatched(under, 300);
  }
  assert.deepEqual(
    noticed.map(({ event }) => event),
    ['device failing'],
  );
  await passUnwatched(under, 20_000);
  assert.deepEqual(
    noticed.map(({ event }) => event),
    ['device failing', 'device recovered'],
  );
  watchdog.stop();
});

test('a stopped watchdog looks no more', async () => {
  const under = new LaneUnderTest();
  const { watchdog } = watch(under);
  watchdog.stop();
  assert.equal(await runTimers(under.world.clock, () => false), false, 'no timer is left');
});
