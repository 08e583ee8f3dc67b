import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../../daemon/delivery/batch.ts';
import { DeviceWriter } from '../../../daemon/delivery/device-writer.ts';
import { LaneQueue } from '../../../daemon/delivery/lane-queue.ts';
import { MemoryLineStore } from '../../../daemon/delivery/memory-line-store.ts';
import type { DeviceFailure } from '../../../devices/device.ts';
import { runTimers } from '../../simulation/virtual-clock.ts';
import { World } from '../../simulation/world.ts';
import { failure, HandDevice } from './hand-device.ts';
import { batchOf, linesOf, numbers } from './lane-under-test.ts';

/** A writer with its queue, and a device that does as the test says. */
class WriterUnderTest {
  readonly world: World = new World(1, false);
  readonly queue: LaneQueue = new LaneQueue(new MemoryLineStore());
  readonly writer: DeviceWriter;
  /** What the lane is told, in order. */
  readonly told: string[] = [];
  device!: HandDevice;
  enabled = true;
  #records = 0;

  constructor(tailBytes = 0) {
    const tell =
      (what: string) =>
      (...details: readonly unknown[]): void => {
        this.told.push([what, ...details.map((detail) => JSON.stringify(detail))].join(' '));
      };
    this.writer = new DeviceWriter({
      path: 'device/',
      clock: this.world.clock,
      queue: this.queue,
      createDevice: (onLost) => {
        this.device = new HandDevice(tailBytes, onLost);
        return this.device;
      },
      enabled: () => this.enabled,
      events: {
        onWrite: tell('write'),
        onSettled: tell('settled'),
        onFailure: ({ reason }: DeviceFailure) => this.told.push(`failure ${reason}`),
        onReopened: tell('reopened'),
        onFollowed: tell('followed'),
        onTimeout: tell('timeout'),
        onResent: tell('resent'),
        onPause: tell('pause'),
      },
    });
  }

  /** Opened, with nothing to do. */
  static async open(tailBytes = 0): Promise<WriterUnderTest> {
    const under = new WriterUnderTest(tailBytes);
    const opened = under.writer.open();
    under.device.succeed();
    await opened;
    return under;
  }

  send(count: number, bytesEach = 0): Batch {
    const batch = batchOf(count, this.world.clock.now());
    this.queue.append(batch, 0, linesOf(numbers(count, this.#records), bytesEach), null);
    this.#records += count;
    this.writer.pump();
    return batch;
  }

  /** Lets time pass and promises settle, without a look at the writer. */
  async pass(ms = 0): Promise<void> {
    let reached = false;
    this.world.after(ms, () => {
      reached = true;
    });
    await runTimers(this.world.clock, () => reached);
  }

  /** Lets time pass until the device is asked for something. */
  async passPause(): Promise<void> {
    while (this.device.busyWith === null) await this.pass(1);
  }

  /** What was told since the last time, of these kinds. */
  heard(...kinds: readonly string[]): string[] {
    return this.told.splice(0).filter((what) => kinds.includes(what.split(' ')[0]!));
  }
}

test('nothing is written before the device is open, and one write takes all that waits', async () => {
  const under = new WriterUnderTest();
  const opened = under.writer.open();
  under.send(2);
  under.send(1);
  await under.pass();
  assert.deepEqual([under.device.busyWith, under.device.writes], ['open', []]);
  under.device.succeed();
  await opened;
  await under.pass();
  assert.deepEqual(under.device.writes, [[0, 1, 2]]);
  under.send(1);
  under.send(1);
  under.device.wrote();
  await under.pass();
  assert.deepEqual(under.device.writes, [
    [0, 1, 2],
    [3, 4],
  ]);
  assert.equal(under.device.opened, 1);
});

test('what comes in one turn goes out with one write', async () => {
  const under = await WriterUnderTest.open();
  under.send(1);
  under.send(1);
  await under.pass();
  assert.deepEqual(under.device.writes, [[0, 1]]);
});

test('a write takes a megabyte at most', async () => {
  const under = await WriterUnderTest.open();
  under.send(3, 1024 * 512);
  await under.pass();
  under.device.wrote();
  await under.pass();
  assert.deepEqual(under.device.writes, [[0, 1], [2]]);
});

test('the first opening is no reconnection, and each one after a failure is one', async () => {
  const under = new WriterUnderTest();
  const opened = under.writer.open();
  under.device.succeed();
  await opened;
  assert.deepEqual(under.heard('reopened'), []);
  under.send(1);
  await under.pass();
  under.device.wrote({ settled: 0, failure: failure() });
  await under.pass(200);
  assert.deepEqual(under.heard('reopened'), []);
  under.device.succeed();
  await under.pass();
  assert.deepEqual(under.heard('reopened'), ['reopened']);
  under.device.wrote();
  await under.pass();
  assert.deepEqual(under.heard('reopened'), []);
});

test('a first opening that fails counts as a failure, and the one that succeeds as a reconnection', async () => {
  const under = new WriterUnderTest();
  const opened = under.writer.open();
  under.device.fail(failure('refused'));
  await assert.rejects(opened, { reason: 'refused' });
  assert.equal(under.writer.failing, true);
  assert.deepEqual(under.heard('failure', 'reopened'), ['failure refused']);
  await under.pass(100);
  under.device.succeed();
  await under.pass();
  assert.equal(under.writer.failing, false, 'nothing waits: an opening is enough');
  assert.deepEqual(under.heard('failure', 'reopened'), ['reopened']);
});

test('an error that is no failure of the device is told in words of our own', async () => {
  const under = new WriterUnderTest();
  const opened = under.writer.open();
  under.device.fail(new Error('secret'));
  await assert.rejects(opened, { reason: 'io', message: 'Cannot open device "device/": internal error' });
});

test('records that come while a first opening fails wait for the next attempt, after a pause', async () => {
  const under = new WriterUnderTest();
  const opened = under.writer.open();
  opened.catch(() => {});
  under.send(1);
  under.device.fail();
  await under.pass(49);
  assert.equal(under.device.opened, 1);
  await under.pass(52);
  assert.equal(under.device.opened, 2);
  under.device.succeed();
  await under.pass();
  assert.deepEqual(under.device.writes, [[0]]);
});

test('after a failure comes a pause, then one record as a probe, then the rest', async () => {
  const under = await WriterUnderTest.open();
  const batch = under.send(4);
  await under.pass();
  under.device.wrote({ settled: 1, failure: failure('no_space') });
  await under.pass();
  assert.equal(batch.outcome(0, 0), 'recorded');
  assert.equal(under.writer.failing, true);
  assert.equal(under.device.busyWith, null);
  under.send(1);
  await under.pass();
  assert.equal(under.device.busyWith, null, 'a new record does not shorten the pause');
  await under.pass(100);
  assert.equal(under.device.busyWith, 'open');
  under.device.succeed();
  await under.pass();
  assert.equal(under.writer.failing, true, 'until a write went through');
  under.device.wrote();
  await under.pass();
  assert.equal(under.writer.failing, false);
  assert.deepEqual(under.device.writes, [[0, 1, 2, 3], [1], [2, 3, 4]]);
});

test('pauses grow from failure to failure, and a device that fails is tried though nothing waits', async () => {
  const under = await WriterUnderTest.open();
  under.device.lose('all');
  const began = under.world.clock.now();
  const tries: number[] = [];
  while (tries.length < 4) {
    const before = under.device.opened;
    await under.pass(1);
    if (under.device.opened === before) continue;
    tries.push(under.world.clock.now() - began);
    under.device.fail();
  }
  const pauses = tries.map((at, index) => at - (tries[index - 1] ?? 0));
  for (const [index, pause] of pauses.entries()) {
    assert.ok(pause >= 50 * 2 ** index && pause <= 100 * 2 ** index + 2, `${pauses}`);
  }
});

test('counts what is settled: recorded, refused, and the bytes of those that were taken', async () => {
  const under = await WriterUnderTest.open();
  const batch = under.send(5, 100);
  await under.pass();
  under.device.wrote({ settled: 4, refused: [0, 2], failure: failure() });
  await under.pass();
  assert.deepEqual(under.heard('settled'), [
    'settled {"recorded":2,"tooLarge":2,"tooLargeId":"","bytes":200}',
  ]);
  assert.deepEqual(
    numbers(5).map((record) => batch.outcome(0, record)),
    ['too_large', 'recorded', 'too_large', 'recorded', 'pending'],
  );
});

test('a write of which nothing is settled settles nothing', async () => {
  const under = await WriterUnderTest.open(1_000);
  under.send(1);
  await under.pass();
  under.device.wrote({ settled: 0, failure: failure() });
  await under.pass();
  assert.deepEqual(under.heard('settled'), []);
});

test('each write is told with how long it took', async () => {
  const under = await WriterUnderTest.open();
  await under.pass(4_000);
  under.send(1);
  await under.pass(2_500);
  under.device.wrote();
  await under.pass();
  assert.deepEqual(under.heard('write'), ['write 2.5']);
});

test('a write that lasts for the write timeout is counted once, and never without a timeout', async () => {
  const under = await WriterUnderTest.open();
  await under.pass(4_000);
  under.send(1);
  await under.pass(999);
  under.writer.check(1_000);
  assert.deepEqual(under.heard('timeout'), []);
  await under.pass(1);
  under.writer.check(0);
  assert.deepEqual(under.heard('timeout'), []);
  under.writer.check(1_000);
  assert.deepEqual(under.heard('timeout'), ['timeout']);
  await under.pass(1_000);
  under.writer.check(1_000);
  assert.deepEqual(under.heard('timeout'), []);
});

test('the shortest write timeout is one millisecond', async () => {
  const under = await WriterUnderTest.open();
  under.send(1);
  await under.pass(1);
  under.writer.check(1);
  assert.deepEqual(under.heard('timeout'), ['timeout']);
});

test('while its lane closes, a write is neither counted as too long nor given up', async () => {
  const under = await WriterUnderTest.open();
  under.send(1);
  await under.pass(200_000);
  under.enabled = false;
  under.writer.check(1_000);
  assert.deepEqual(under.heard('timeout'), []);
  assert.equal(under.device.aborted, false);
});

test('a pause is told when nothing waits any more, not between two writes', async () => {
  const under = await WriterUnderTest.open();
  under.heard();
  under.send(1);
  await under.pass();
  under.send(1);
  under.device.wrote();
  await under.pass();
  assert.deepEqual(under.heard('pause'), []);
  under.device.wrote();
  await under.pass();
  assert.deepEqual(under.heard('pause'), ['pause']);
});

test('a device that held for ten seconds is tried again after the shortest pause', async () => {
  const under = await WriterUnderTest.open();
  under.device.lose('all');
  for (let failures = 0; failures < 5; failures++) {
    await under.passPause();
    under.device.fail();
    await under.pass();
  }
  await under.passPause();
  under.device.succeed();
  await under.pass(10_000);
  const began = under.world.clock.now();
  under.device.lose('all');
  await under.passPause();
  assert.ok(under.world.clock.now() - began <= 101);
});

test('of a write that is given up on a connection that stays, what was taken is not sent again', async () => {
  const under = await WriterUnderTest.open(10_000);
  under.send(3);
  await under.pass(200_000);
  under.writer.check(1_000);
  assert.equal(under.device.aborted, true);
  under.heard();
  under.device.wrote({ settled: 2, failure: failure('aborted') });
  await under.passPause();
  assert.deepEqual(under.heard('resent'), []);
  under.device.succeed();
  await under.pass();
  assert.deepEqual(under.device.writes, [[0, 1, 2], [2]]);
});

test('a large write is given a second more for each 10 kB before it is given up', async () => {
  const under = await WriterUnderTest.open(2_000_000);
  under.send(1, 1_000_000);
  await under.pass(220_000);
  under.writer.check(1_000);
  assert.equal(under.device.aborted, false);
  await under.pass(1);
  under.writer.check(1_000);
  assert.equal(under.device.aborted, true);
  under.device.lose('all');
  under.device.wrote({ settled: 1, failure: failure('aborted') });
  await under.pass(200);
  under.device.succeed();
  await under.pass();
  assert.deepEqual(under.device.writes, [[0], [0]], 'nothing of it is known to have arrived');
  assert.equal(under.device.aborted, false, 'the next write has a signal of its own');
});

test('a write that was given up is given up once', async () => {
  const under = await WriterUnderTest.open();
  under.send(1);
  await under.pass(121_000);
  under.writer.check(0);
  await under.pass(1_000);
  under.writer.check(0);
  under.device.wrote({ settled: 0, failure: failure('aborted') });
  await under.pass(200);
  assert.equal(under.device.busyWith, 'open');
  assert.equal(under.device.aborted, false, 'what comes after it is not');
});

test('an opening that takes longer than half a minute is given up', async () => {
  const under = new WriterUnderTest();
  const opened = under.writer.open();
  opened.catch(() => {});
  await under.pass(30_000);
  under.writer.check(1_000);
  assert.equal(under.device.aborted, false);
  await under.pass(1);
  under.writer.check(1_000);
  assert.equal(under.device.aborted, true);
  assert.deepEqual(under.heard('timeout'), []);
  under.device.fail(failure('aborted'));
  await under.pass(100);
  assert.equal(under.device.busyWith, 'open');
});

test('what a connection took before it breaks is sent again, before what waits and never with it', async () => {
  const under = await WriterUnderTest.open(10_000);
  for (let count = 0; count < 3; count++) {
    under.send(1);
    await under.pass();
    under.device.wrote();
    await under.pass();
  }
  under.heard();
  under.device.lose('all');
  assert.equal(under.writer.failing, true);
  assert.deepEqual(under.heard('resent', 'failure'), ['resent 3', 'failure reset']);
  under.send(2);
  await under.pass(100);
  under.device.succeed();
  await under.pass();
  for (let count = 0; count < 3; count++) {
    under.device.wrote();
    await under.pass();
  }
  assert.deepEqual(under.device.writes.slice(3), [[0], [1, 2], [3, 4]]);
  const settled = under.heard('settled').map((text) => JSON.parse(text.slice('settled '.length)).recorded);
  assert.deepEqual(settled, [0, 0, 2]);
});

test('lines that are sent again keep the time at which they were sent first', async () => {
  const under = await WriterUnderTest.open(10_000);
  under.send(1);
  await under.pass();
  under.device.wrote();
  await under.pass();
  const resent: string[] = [];
  // A peer that reads everything and closes in order every four seconds.
  for (let count = 0; count < 4; count++) {
    await under.pass(4_000);
    under.heard();
    under.device.lose('recent');
    resent.push(...under.heard('resent'));
    await under.passPause();
    under.device.succeed();
    await under.pass();
    if (resent.at(-1) === 'resent 1') under.device.wrote();
    await under.pass();
  }
  assert.deepEqual(resent, ['resent 1', 'resent 1', 'resent 0', 'resent 0']);
});

test('of a connection whose peer had read most of it, so many of the last bytes are sent again', async () => {
  for (const [bytes, again] of [
    [1, 1],
    [100, 1],
    [101, 2],
    [100_000, 4],
  ] as const) {
    const under = await WriterUnderTest.open(10_000);
    under.send(4, 100);
    await under.pass();
    under.device.wrote();
    await under.pass();
    under.heard();
    under.device.lose(bytes);
    assert.deepEqual(under.heard('resent', 'failure'), [`resent ${again}`, 'failure reset']);
    await under.passPause();
    under.device.succeed();
    for (let probes = 0; probes < 2; probes++) {
      await under.pass();
      if (under.device.busyWith === 'write') under.device.wrote();
    }
    assert.deepEqual([...new Set(under.device.writes.slice(1).flat())], [0, 1, 2, 3].slice(-again));
  }
});

test('a device that keeps no lines is sent nothing again', async () => {
  const under = await WriterUnderTest.open(0);
  under.send(1);
  await under.pass();
  under.device.wrote();
  await under.pass();
  under.device.lose('all');
  assert.deepEqual(under.heard('resent'), ['resent 0']);
  assert.equal(under.queue.empty, true);
});

test('what a write took on a connection that breaks meanwhile is in doubt, where lines can be lost', async () => {
  for (const [tailBytes, again] of [
    [10_000, [0, 1]],
    [0, [1]],
  ] as const) {
    const under = await WriterUnderTest.open(tailBytes);
    const batch = under.send(2);
    await under.pass();
    under.device.lose('recent');
    under.device.wrote({ settled: 1, failure: failure('closed') });
    await under.pass(100);
    assert.equal(batch.outcome(0, 0), tailBytes === 0 ? 'recorded' : 'pending');
    under.device.succeed();
    await under.pass();
    under.device.wrote();
    await under.pass();
    assert.deepEqual([...new Set(under.device.writes.slice(1).flat())], again);
  }
});

test('a write that ends well on a connection that broke meanwhile has failed all the same', async () => {
  const under = await WriterUnderTest.open(10_000);
  under.send(1);
  await under.pass();
  under.device.lose('all');
  under.device.wrote();
  await under.pass();
  assert.equal(under.writer.failing, true);
  assert.deepEqual(under.heard('failure', 'settled'), ['failure closed']);
});

test('of two breaks during a write the worse one counts', async () => {
  for (const scopes of [
    ['recent', 'all'],
    ['all', 'recent'],
  ] as const) {
    const under = await WriterUnderTest.open(10_000);
    under.send(1);
    await under.pass();
    under.device.wrote();
    await under.pass(60_000);
    under.send(1);
    await under.pass();
    under.heard();
    for (const scope of scopes) under.device.lose(scope);
    under.device.wrote({ settled: 0, failure: failure() });
    await under.pass();
    assert.deepEqual(under.heard('resent'), ['resent 1'], 'also what is old');
  }
});

test('a connection that ends while it is opened counts as an opening that failed', async () => {
  const under = new WriterUnderTest();
  const opened = under.writer.open();
  under.device.lose('all');
  under.device.succeed();
  await assert.rejects(opened, { reason: 'reset' });
  assert.deepEqual(under.heard('failure'), ['failure reset']);
  await under.pass(49);
  assert.equal(under.device.opened, 1, 'a pause comes first');
  await under.pass(52);
  assert.equal(under.device.opened, 2);
});

test('a connection that ends while a reopening goes before a write is opened again after a pause', async () => {
  const under = await WriterUnderTest.open();
  const reopened = under.writer.reopen();
  under.send(1);
  await under.pass();
  assert.equal(under.device.busyWith, 'reopen');
  under.device.lose('all');
  under.device.succeed();
  await reopened;
  await under.pass(49);
  assert.equal(under.device.busyWith, null);
  await under.pass(52);
  assert.equal(under.device.busyWith, 'open');
  under.device.succeed();
  await under.pass();
  under.device.wrote();
  await under.pass();
  assert.deepEqual(under.device.writes, [[0]]);
});

test('a pause that ends during a reopening is followed by one attempt', async () => {
  const under = await WriterUnderTest.open();
  const reopened = under.writer.reopen();
  under.send(1);
  under.device.lose('all');
  await under.pass(150);
  under.device.succeed();
  await reopened;
  await under.pass();
  assert.deepEqual([under.device.busyWith, under.device.opened], ['open', 2]);
  under.device.succeed();
  await under.pass();
  under.device.wrote();
  await under.pass();
  assert.deepEqual(under.device.writes, [[0]]);
  assert.equal(under.device.opened, 2);
});

test('a connection may end between any two steps', async () => {
  for (let turns = 0; turns < 12; turns++) {
    for (const after of ['opening', 'write'] as const) {
      const under = new WriterUnderTest();
      const opened = under.writer.open();
      opened.catch(() => {});
      const batch = under.send(1);
      const end = async (step: () => void): Promise<void> => {
        step();
        for (let turn = 0; turn < turns; turn++) await null;
        under.device.lose('all');
      };
      if (after === 'opening') await end(() => under.device.succeed());
      else under.device.succeed();
      await under.pass();
      under.send(1);
      if (after === 'write') await end(() => under.device.wrote());
      for (let steps = 0; !under.queue.empty && steps < 10; steps++) {
        await under.passPause();
        if (under.device.busyWith === 'open') under.device.succeed();
        else under.device.wrote();
        await under.pass();
      }
      assert.equal(batch.outcome(0, 0), 'recorded', `${after} ${turns}`);
      assert.deepEqual([...new Set(under.device.writes.flat())], [0, 1]);
      assert.equal(under.queue.empty, true);
      // The opening that the break asked for, if it was not there yet.
      await under.pass(200);
      if (under.device.busyWith === 'open') under.device.succeed();
      await under.pass();
      assert.deepEqual([under.writer.failing, under.device.busyWith], [false, null], `${after} ${turns}`);
      assert.ok(under.device.opened >= 2);
    }
  }
});

test('a reopening that fails is told and tried again until it succeeds, while writing goes on', async () => {
  const under = await WriterUnderTest.open();
  const reopened = under.writer.reopen();
  await under.pass();
  under.send(1);
  under.device.fail(failure('permission'));
  await assert.rejects(reopened, { reason: 'permission' });
  await under.pass();
  assert.deepEqual([under.writer.failing, under.writer.trouble], [false, 'astray']);
  assert.equal(under.device.busyWith, 'write');
  under.device.wrote();
  await under.passPause();
  assert.equal(under.device.busyWith, 'reopen');
  under.device.fail(failure('unsuitable'));
  await under.pass();
  assert.deepEqual(under.heard('failure', 'followed'), ['failure permission', 'failure unsuitable']);
  await under.passPause();
  // Somebody asks for it meanwhile: that is the same one.
  const again = under.writer.reopen();
  assert.equal(under.device.busyWith, 'reopen');
  under.device.succeed();
  await under.pass();
  assert.equal(under.writer.trouble, null);
  assert.deepEqual(under.heard('failure', 'followed'), ['followed']);
  assert.equal(
    under.device.busyWith,
    'reopen',
    'what was asked for while it was under way may be another rotation',
  );
  under.device.succeed();
  await again;
  await under.pass(100_000);
  assert.deepEqual([under.device.busyWith, under.heard('failure', 'followed')], [null, []]);
});

test('a reopening that fails is not tried again once the writer is halted', async () => {
  const under = await WriterUnderTest.open();
  const reopened = under.writer.reopen();
  await under.pass();
  under.device.fail(failure('permission'));
  await assert.rejects(reopened);
  under.enabled = false;
  await under.writer.halt();
  assert.equal(await runTimers(under.world.clock, () => false), false);
  assert.equal(under.device.busyWith, null);
});

test('lines that a device tells at its close to be nowhere are counted', async () => {
  const under = await WriterUnderTest.open();
  under.enabled = false;
  await under.writer.halt();
  under.device.onLost({ lines: 7 }, failure('not_found'));
  assert.equal(await under.writer.close(0), 7);
  assert.deepEqual(under.heard('failure', 'resent'), []);
});

test('a reopening asked for during a write comes before the next one', async () => {
  const under = await WriterUnderTest.open();
  under.send(1);
  await under.pass();
  const reopened = under.writer.reopen();
  under.send(1);
  under.device.wrote();
  await under.pass();
  assert.equal(under.device.busyWith, 'reopen');
  under.device.succeed();
  await reopened;
  await under.pass();
  assert.equal(under.device.busyWith, 'write');
});

test('a halt ends a pause, and nothing is tried any more', async () => {
  const under = await WriterUnderTest.open(10_000);
  under.send(1);
  await under.pass();
  under.device.wrote({ settled: 0, failure: failure() });
  await under.pass();
  under.enabled = false;
  await under.writer.halt();
  await under.pass(10_000);
  assert.equal(under.device.opened, 1);
  under.device.lose('all');
  assert.deepEqual(under.heard('resent', 'failure'), ['failure io']);
  await under.writer.reopen();
  assert.equal(under.device.busyWith, null);
});

test('a halt leaves no timer behind', async () => {
  const under = await WriterUnderTest.open();
  under.device.lose('all');
  under.enabled = false;
  await under.writer.halt();
  assert.equal(await runTimers(under.world.clock, () => false), false);
  assert.equal(under.world.clock.now(), 0);
});

test('a halt lets a write under way end within a second, and starts no other', async () => {
  const under = await WriterUnderTest.open();
  const batch = under.send(1);
  await under.pass();
  under.send(1);
  under.enabled = false;
  let halted = false;
  const halting = under.writer.halt().then(() => {
    halted = true;
  });
  await under.pass(900);
  assert.equal(halted, false);
  assert.equal(under.device.aborted, false);
  under.device.wrote();
  await under.pass();
  await halting;
  assert.equal(batch.outcome(0, 0), 'recorded');
  assert.deepEqual(under.device.writes, [[0]]);
});

test('a write that fails during a halt is no reason for another attempt', async () => {
  const under = await WriterUnderTest.open();
  under.send(1);
  await under.pass();
  under.enabled = false;
  const halting = under.writer.halt();
  under.device.wrote({ settled: 0, failure: failure() });
  await under.pass();
  await halting;
  await under.pass(10_000);
  assert.equal(under.device.opened, 1);
});

test('a write that does not end in a second is given up at a halt, and what came of it is not told', async () => {
  const under = await WriterUnderTest.open();
  const batch = under.send(1);
  await under.pass();
  under.enabled = false;
  const halting = under.writer.halt();
  await under.pass(1_001);
  await halting;
  assert.equal(under.device.aborted, true);
  under.device.wrote();
  await under.pass();
  assert.equal(batch.outcome(0, 0), 'pending');
  assert.deepEqual(under.heard('write', 'settled'), []);
});

test('a halt during an opening gives it up at once, and whoever waits for it is told', async () => {
  for (const end of ['succeed', 'fail'] as const) {
    const under = new WriterUnderTest();
    const opened = under.writer.open();
    under.send(1);
    under.enabled = false;
    await under.writer.halt();
    assert.equal(under.device.aborted, true);
    under.device[end]();
    await assert.rejects(opened, { reason: end === 'fail' ? 'io' : 'aborted' });
    await under.pass(10_000);
    assert.deepEqual(under.device.writes, []);
    assert.deepEqual(under.heard('failure', 'reopened'), []);
    await under.writer.close(0);
    assert.equal(under.device.closed, 1);
  }
});

test('a halt before the turn of a write came keeps it from coming', async () => {
  const under = await WriterUnderTest.open();
  const reopened = under.writer.reopen();
  under.send(1);
  under.enabled = false;
  await under.writer.halt();
  under.device.succeed();
  await reopened;
  await under.pass();
  assert.deepEqual(under.device.writes, []);
});

test('what a connection may have lost when the lane is over is counted and not sent again', async () => {
  const under = await WriterUnderTest.open(1_000_000);
  under.send(5, 100);
  await under.pass();
  under.device.wrote();
  await under.pass();
  under.enabled = false;
  await under.writer.halt();
  const closing = under.writer.close(0);
  under.device.lose(150);
  assert.equal(await closing, 2);
  assert.ok(under.queue.empty);
  assert.deepEqual(under.heard('resent', 'failure'), []);
});

test('what a connection lost during its last write is counted, whether that write ends or not', async () => {
  for (const ends of [true, false]) {
    const under = await WriterUnderTest.open(1_000_000);
    under.send(5, 100);
    await under.pass();
    under.device.wrote();
    await under.pass();
    under.send(1);
    await under.pass();
    under.enabled = false;
    const halted = under.writer.halt();
    under.device.lose('all');
    if (ends) under.device.wrote({ settled: 0, failure: failure('reset') });
    await under.pass(2_000);
    await halted;
    assert.equal(await under.writer.close(0), 5);
  }
});
