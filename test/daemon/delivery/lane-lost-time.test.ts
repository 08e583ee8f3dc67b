import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../../../daemon/delivery/lane.ts';
import type { LaneState } from '../../../daemon/delivery/lane-status.ts';
import { LostTime } from '../../../daemon/delivery/lost-time.ts';
import { runTimers } from '../../simulation/virtual-clock.ts';
import { World } from '../../simulation/world.ts';
import { HandDevice } from './hand-device.ts';
import { batchOf, linesOf, noFormat } from './lane-under-test.ts';

const writeTimeoutMs = 1_000;

/** An open lane with a watchdog, on a device that does as the test says, in a process that can be held up. */
class HeldUpLane {
  readonly world: World = new World(1, false);
  readonly states: LaneState[] = [];
  readonly lane: Lane;
  device!: HandDevice;

  constructor() {
    this.lane = new Lane({
      path: 'device/',
      type: 'file',
      options: { writeTimeoutMs, queueBytes: 100_000, skipTest: true },
      format: noFormat,
      clock: this.world.clock,
      events: { onState: (_lane, _from, to) => this.states.push(to), onWrite: () => {} },
      createDevice: (onLost) => {
        this.device = new HandDevice(0, onLost);
        return this.device;
      },
    });
    const look = (): void => {
      this.lane.check();
      this.world.after(250, look);
    };
    this.world.after(250, look);
  }

  static async open(): Promise<HeldUpLane> {
    const under = new HeldUpLane();
    const opened = under.lane.open();
    under.device.succeed();
    await opened;
    await under.pass(1);
    return under;
  }

  /** One record; tells what became of it and when that was known. */
  send(): { outcome: () => string; decidedAt: () => number | null } {
    let decidedAt: number | null = null;
    const batch = batchOf(1, this.world.clock.now(), () => {
      decidedAt = this.world.clock.now();
    });
    this.lane.enqueue(batch, 0, linesOf([0]));
    return { outcome: () => batch.outcome(0, 0), decidedAt: () => decidedAt };
  }

  async pass(ms: number): Promise<void> {
    let reached = false;
    this.world.after(ms, () => {
      reached = true;
    });
    await runTimers(this.world.clock, () => reached);
  }
}

test('a device that was done while the event loop stood still is neither late nor blocked', async () => {
  const under = await HeldUpLane.open();
  const first = under.send();
  await under.pass(10);
  const second = under.send();
  // The first write ends while nobody can see it; timers come before what the system has to tell.
  under.world.clock.stall(3 * writeTimeoutMs);
  await under.pass(0);
  under.device.wrote();
  await under.pass(10);
  assert.equal(first.outcome(), 'recorded');
  // The second could not be given to the device before: its time has hardly begun.
  assert.equal(second.outcome(), 'pending');
  await under.pass(100);
  under.device.wrote();
  await under.pass(10);
  assert.equal(second.outcome(), 'recorded');
  assert.equal(under.lane.status().counters.late, 0);
  assert.equal(under.states.includes('blocked'), false);
});

test('a device that hangs is blocked after its time all the same, however the event loop was held up', async () => {
  const under = await HeldUpLane.open();
  const sent = under.send();
  await under.pass(500);
  under.world.clock.stall(400);
  const begun = under.world.clock.now();
  await under.pass(writeTimeoutMs);
  assert.equal(sent.outcome(), 'late');
  const waited = sent.decidedAt()! - begun;
  assert.ok(waited > 300 && waited < 600, `${waited} ms of 500, and what the timer is late`);
  assert.equal(under.states.at(-1), 'blocked');
});

test('while the event loop is free a record has its time and no more', async () => {
  const under = await HeldUpLane.open();
  const begun = under.world.clock.now();
  const sent = under.send();
  await under.pass(2 * writeTimeoutMs);
  const waited = sent.decidedAt()! - begun;
  assert.ok(waited >= writeTimeoutMs && waited < writeTimeoutMs + 100, `${waited}`);
});

test('where the event loop is held up all the time, a record is not waited for without end', async () => {
  const under = await HeldUpLane.open();
  const begun = under.world.clock.now();
  const sent = under.send();
  while (sent.decidedAt() === null) {
    under.world.clock.stall(700);
    await under.pass(101);
  }
  assert.equal(sent.outcome(), 'late');
  const waited = sent.decidedAt()! - begun;
  assert.ok(waited >= 2 * writeTimeoutMs && waited < 2 * writeTimeoutMs + 2 * 801, `${waited}`);
});

test('lost is what a timer is late by, from when it was due; a little is not', () => {
  const { clock } = new World(1, false);
  const lost = new LostTime(clock);
  lost.notice(10_000);
  lost.expect(100);
  clock.stall(125);
  lost.notice(10_000);
  assert.equal(lost.since(0, 1_000), 0);
  clock.stall(75);
  lost.notice(10_000);
  assert.equal(lost.since(0, 1_000), 100);
  assert.equal(lost.since(150, 1_000), 50, 'of one that came in the middle');
  assert.equal(lost.since(200, 1_000), 0);
  lost.notice(10_000);
  assert.equal(lost.since(0, 1_000), 100, 'once');
  clock.stall(50);
  lost.notice(10_000);
  assert.equal(lost.since(0, 1_000), 150, 'and what comes to it');
  assert.equal(lost.since(0, 20), 120, 'the longest, and a bounded rest');
  lost.expect(null);
  clock.stall(500);
  lost.notice(10_000);
  assert.equal(lost.since(0, 1_000), 150);
  lost.expect(700);
  clock.stall(100);
  lost.notice(10);
  assert.equal(lost.since(0, 1_000), 150, 'what is old is forgotten');
});
