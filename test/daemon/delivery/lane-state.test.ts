import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../../../daemon/delivery/lane.ts';
import { zeroLaneCounters } from '../../../daemon/delivery/lane-counters.ts';
import { runTimers } from '../../simulation/virtual-clock.ts';
import { World } from '../../simulation/world.ts';
import { failure, HandDevice } from './hand-device.ts';
import { batchOf, linesOf, noFormat } from './lane-under-test.ts';

/** An open lane that nobody looks at, on a device that does as the test says. */
class UnwatchedLane {
  readonly world: World = new World(1, false);
  readonly writes: number[] = [];
  readonly lane: Lane;
  device!: HandDevice;
  disposed: () => void = () => {};

  constructor() {
    this.lane = new Lane({
      path: 'device/',
      type: 'file',
      options: { writeTimeoutMs: 1_000, queueBytes: 100_000, skipTest: true },
      format: { ...noFormat, dispose: () => this.disposed() },
      clock: this.world.clock,
      events: { onState: () => {}, onWrite: (_lane, seconds) => this.writes.push(seconds) },
      createDevice: (onLost) => {
        this.device = new HandDevice(0, onLost);
        return this.device;
      },
    });
  }

  static async open(): Promise<UnwatchedLane> {
    const under = new UnwatchedLane();
    const opened = under.lane.open();
    under.device.succeed();
    await opened;
    return under;
  }

  /** One record that arrived at `arrival`. */
  send(arrival: number, decided: () => void = () => {}): void {
    this.lane.enqueue(batchOf(1, arrival, decided), 0, linesOf([0]));
  }

  async pass(ms: number): Promise<void> {
    let reached = false;
    this.world.after(ms, () => {
      reached = true;
    });
    await runTimers(this.world.clock, () => reached);
  }
}

test('a lane that did nothing yet has counted nothing', () => {
  const { lane } = new UnwatchedLane();
  assert.deepEqual(lane.status().counters, zeroLaneCounters());
  const numbers = Object.values(zeroLaneCounters()).flatMap((count: number | Record<string, number>) =>
    typeof count === 'number' ? count : Object.values(count),
  );
  assert.ok(numbers.length > 15 && numbers.every((count) => count === 0));
});

test('a connection that ends while nothing is written makes the lane fail at once', async () => {
  const under = await UnwatchedLane.open();
  under.device.lose('all');
  assert.equal(under.lane.state, 'failing');
  assert.equal(under.lane.status().lastFailure?.reason, 'reset');
});

test('the end of a write that took long makes the lane well at once', async () => {
  const under = await UnwatchedLane.open();
  under.send(0);
  await under.pass(700);
  under.lane.check();
  assert.equal(under.lane.state, 'slow');
  under.device.wrote();
  await under.pass(0);
  assert.equal(under.lane.state, 'ok');
  assert.deepEqual(under.writes, [0.7]);
});

test('when the reply to a late record goes out, its device is known to be blocked', async () => {
  const under = await UnwatchedLane.open();
  let state = '';
  under.send(0, () => {
    state = under.lane.state;
  });
  await under.pass(1_001);
  assert.equal(state, 'blocked');
});

test('a record that has waited elsewhere for longer than the write timeout is late at once', async () => {
  const under = await UnwatchedLane.open();
  await under.pass(5_000);
  let decidedAt = 0;
  under.send(3_999, () => {
    decidedAt = under.world.clock.now();
  });
  await under.pass(10);
  assert.equal(decidedAt, 5_000);
});

test('a device that goes on failing is still tried while its lane drains, and no more when it is closed', async () => {
  const under = await UnwatchedLane.open();
  under.send(0);
  await under.pass(0);
  under.device.wrote({ settled: 0, failure: failure() });
  await under.pass(0);
  let drained = false;
  const draining = under.lane.drain(1_000).finally(() => {
    drained = true;
  });
  await under.pass(100);
  assert.equal(under.device.busyWith, 'open');
  under.device.fail();
  await under.pass(500);
  assert.equal(drained, false);
  assert.equal(under.device.busyWith, 'open');
  under.device.fail();
  await under.pass(1_000);
  assert.equal(await draining, false);
  if (under.device.busyWith !== null) under.device.fail();
  const { opened } = under.device;
  await under.lane.close('disabled', 0);
  await under.lane.close('disabled', 0);
  await under.pass(60_000);
  assert.deepEqual([under.device.opened, under.device.closed], [opened, 1]);
  assert.equal(under.lane.status().oldestWaitingMs, 0);
});

test('closing tells whoever waits for the lane to drain', async () => {
  const under = await UnwatchedLane.open();
  under.send(0);
  await under.pass(0);
  let drained: boolean | null = null;
  void under.lane.drain(60_000).then((all) => {
    drained = all;
  });
  const closing = under.lane.close('disabled', 0);
  await under.pass(1_001);
  await closing;
  await under.pass(0);
  assert.equal(drained, true);
});

test('no deadline passes after a lane is closed', async () => {
  const under = await UnwatchedLane.open();
  under.send(0);
  await under.pass(0);
  const closing = under.lane.close('stopping', 0);
  under.device.wrote();
  await under.pass(0);
  await closing;
  await under.pass(5_000);
  assert.deepEqual([under.lane.status().counters.recorded, under.lane.status().counters.late], [1, 0]);
  assert.equal(await runTimers(under.world.clock, () => false), false, 'no timer is left');
});

test('a lane is closed when its device is, and its salt is cleared then', async () => {
  const under = await UnwatchedLane.open();
  const steps: string[] = [];
  let end = (): void => {};
  under.device.close = () => {
    steps.push('closing');
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  under.disposed = () => steps.push('cleared');
  const closing = under.lane.close('disabled', 0).then(() => steps.push('closed'));
  await under.pass(10);
  assert.deepEqual(steps, ['closing']);
  end();
  await closing;
  assert.deepEqual(steps, ['closing', 'cleared', 'closed']);
});
