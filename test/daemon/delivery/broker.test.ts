import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../../daemon/delivery/batch.ts';
import { Broker } from '../../../daemon/delivery/broker.ts';
import type { RefusalCode } from '../../../daemon/ingest/refusals.ts';
import { LaneUnderTest, linesOf } from './lane-under-test.ts';

interface Submitted {
  refused: RefusalCode | null;
  /** Null until it is decided. */
  batch: Batch | null;
}

function decidedOf({ batch }: Submitted): Batch {
  assert.ok(batch !== null);
  return batch;
}

/** Submits one record. */
function submit(broker: Broker, record: number, admitted = false): Submitted {
  const submitted: Submitted = { refused: null, batch: null };
  submitted.refused = broker.submit({
    admitted,
    records: 1,
    arrival: 0,
    waitForAll: false,
    render: () => linesOf([record]),
    decided: (batch) => {
      submitted.batch = batch;
    },
  });
  return submitted;
}

test('without a device nothing is offered, and while stopping only what nobody can be told of', () => {
  const broker = new Broker({ kind: 'any' });
  assert.equal(submit(broker, 0).refused, 'no_device');
  assert.equal(broker.canRecord(), false);
  const { lane } = new LaneUnderTest();
  broker.add(lane);
  assert.equal(broker.canRecord(), true);
  broker.stop();
  assert.equal(submit(broker, 0).refused, 'stopping');
  assert.equal(lane.status().queueRecords, 0);
  assert.equal(submit(broker, 0, true).refused, null, 'its sender could not be told');
  assert.equal(broker.canRecord(), true);
  assert.equal(lane.status().queueRecords, 1);
});

test('what was admitted before a stop is offered to the devices after it', () => {
  const broker = new Broker({ kind: 'any' });
  const { lane } = new LaneUnderTest();
  broker.add(lane);
  assert.equal(broker.stopping, false);
  broker.stop();
  assert.equal(broker.stopping, true);
  assert.equal(submit(broker, 0, true).refused, null);
  assert.equal(lane.status().queueRecords, 1);
});

test('a hung device does not keep the reply that a healthy one satisfies', async () => {
  const healthy = new LaneUnderTest();
  const hung = new LaneUnderTest();
  hung.destination.setTrouble('hang');
  const broker = new Broker({ kind: 'any' });
  broker.add(hung.lane);
  Object.defineProperty(healthy.lane, 'path', { value: 'healthy/' });
  broker.add(healthy.lane);
  const submitted = submit(broker, 0);
  await hung.pass(20);
  assert.equal(submitted.batch, null);
  await healthy.pass(20);
  assert.equal(decidedOf(submitted).ok(0), true);
  assert.equal(decidedOf(submitted).outcome(0, 0), 'pending');
});

test('a policy that the enabled devices cannot meet is answered at once, and they are offered the record', async () => {
  const under = new LaneUnderTest();
  const broker = new Broker({ kind: 'count', count: 2 });
  broker.add(under.lane);
  const { refused, batch } = submit(broker, 7);
  assert.equal(refused, null);
  assert.equal(batch?.ok(0), false);
  assert.equal(broker.canRecord(), false);
  await under.pass(20);
  assert.deepEqual(under.destination.log, [7]);
});

test('a change of policy holds from the next batch on', async () => {
  const under = new LaneUnderTest();
  const broker = new Broker({ kind: 'devices', paths: ['other/'] });
  broker.add(under.lane);
  const before = submit(broker, 0);
  broker.setRequirement({ kind: 'any' });
  const after = submit(broker, 1);
  await under.pass(20);
  assert.equal(before.batch?.ok(0), false);
  assert.equal(after.batch?.ok(0), true);
  assert.deepEqual(broker.requirement, { kind: 'any' });
});

test('a lane replaces the one with its path; a removed one is offered nothing', () => {
  const old = new LaneUnderTest();
  const replacement = new LaneUnderTest();
  const broker = new Broker({ kind: 'any' });
  broker.add(old.lane);
  broker.add(replacement.lane);
  assert.deepEqual(broker.lanes, [replacement.lane]);
  submit(broker, 0);
  assert.equal(old.lane.status().queueRecords, 0);
  assert.equal(replacement.lane.status().queueRecords, 1);
  broker.remove(replacement.lane);
  assert.equal(submit(broker, 1).refused, 'no_device');
});

test('the explanation names the devices in trouble and why, and no others', async () => {
  const under = new LaneUnderTest();
  const broker = new Broker({ kind: 'any' });
  broker.add(under.lane);
  assert.equal(broker.explain(), 'no required device recorded it in time');
  under.destination.setTrouble('refusing');
  submit(broker, 0);
  await under.pass(20);
  assert.equal(broker.explain(), 'no required device recorded it in time: device/ is failing (permission)');
});

test('the explanation says when more than one device has to record it, and names none that need not', async () => {
  const healthy = new LaneUnderTest();
  const hung = new LaneUnderTest({ writeTimeoutMs: 100 });
  Object.defineProperty(healthy.lane, 'path', { value: 'healthy/' });
  const broker = new Broker({ kind: 'all' });
  broker.add(healthy.lane);
  broker.add(hung.lane);
  await hung.open();
  hung.destination.setTrouble('hang');
  submit(broker, 0);
  await hung.pass(200);
  const what = 'not every required device recorded it in time';
  assert.equal(broker.explain(), `${what}: device/ is blocked`);
  broker.setRequirement({ kind: 'devices', paths: ['healthy/'] });
  assert.equal(broker.explain(), 'no required device recorded it in time');
});

test('who waits for all outcomes is told after the last one', async () => {
  const one = new LaneUnderTest();
  const other = new LaneUnderTest({ writeTimeoutMs: 100 });
  Object.defineProperty(other.lane, 'path', { value: 'other/' });
  const broker = new Broker({ kind: 'any' });
  broker.add(one.lane);
  broker.add(other.lane);
  other.destination.setTrouble('hang');
  let decided: Batch | null = null;
  broker.submit({
    admitted: false,
    records: 1,
    arrival: 0,
    waitForAll: true,
    render: () => linesOf([0]),
    decided: (batch) => {
      decided = batch;
    },
  });
  await one.pass(50);
  assert.equal(decided, null);
  await other.pass(101);
  assert.deepEqual([decided!.outcome(0, 0), decided!.outcome(1, 0)], ['recorded', 'late']);
});

test('each lane is rendered its own lines, under its own limit', () => {
  const lanes = [new LaneUnderTest({ queueBytes: 1_000 }), new LaneUnderTest({ queueBytes: 2_000 })];
  const broker = new Broker({ kind: 'any' });
  for (const [at, { lane }] of lanes.entries()) {
    Object.defineProperty(lane, 'path', { value: `${at}/` });
    broker.add(lane);
  }
  const limits: number[] = [];
  broker.submit({
    admitted: false,
    records: 1,
    arrival: 0,
    waitForAll: false,
    render: (format, maxLineBytes) => {
      assert.equal(format, lanes[limits.length]!.lane.format);
      limits.push(maxLineBytes);
      return linesOf([0]);
    },
    decided: () => {},
  });
  assert.deepEqual(limits, [1_000, 2_000]);
});
