import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceFailure } from '../../../devices/device.ts';
import { LaneUnderTest, numbers, times } from './lane-under-test.ts';

test('after a failure the rest is sent again in order, first one record as a probe', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 60_000 });
  under.destination.setTrouble('failing');
  const sent = under.send(20);
  await under.pass(3_000);
  assert.equal(under.lane.state, 'failing');
  assert.equal(under.lane.status().lastFailure?.reason, 'no_space');
  under.destination.setTrouble('none');
  await under.pass(20_000);
  assert.deepEqual(sent.outcomes(), times(20, 'recorded'));
  assert.deepEqual(under.delivered, numbers(20));
  const { counters, state } = under.lane.status();
  assert.equal(state, 'ok');
  assert.equal(counters.recorded, 20);
  assert.ok(counters.failures.no_space > 1);
});

test('a device that cannot be opened is tried again although nothing waits', async () => {
  const under = new LaneUnderTest();
  under.destination.setTrouble('refusing');
  await under.pass(0.5);
  const opening = under.lane.open();
  opening.catch(() => {});
  await under.pass(100);
  await assert.rejects(opening, DeviceFailure);
  assert.equal(under.lane.state, 'failing');
  under.destination.setTrouble('none');
  await under.pass(20_000);
  assert.equal(under.lane.state, 'ok');
});

test('what a broken connection may have lost is sent again before what waits', async () => {
  const under = new LaneUnderTest({ transport: 'stream' });
  under.send(3);
  await under.pass(50);
  under.destination.setTrouble('hang');
  const unread = under.send(4);
  await under.pass(50);
  assert.deepEqual(unread.outcomes(), times(4, 'recorded'), 'the operating system has them');
  assert.deepEqual(under.destination.log, [0, 1, 2]);
  under.device.breakOff(false);
  await under.pass(400);
  under.send(2);
  under.destination.setTrouble('none');
  await under.pass(2_000);
  assert.deepEqual(under.delivered, numbers(9));
  const { counters } = under.lane.status();
  assert.equal(counters.recorded, 9, 'each record counts once');
  assert.equal(counters.resent, 7);
});

test('the whole tail is kept though the queue is small', async () => {
  const under = new LaneUnderTest({ transport: 'stream', queueBytes: 1_000, bufferBytes: 8_000 });
  await under.open();
  under.destination.setTrouble('hang');
  for (let count = 0; count < 30; count++) {
    under.send(1, 200);
    await under.pass(2);
  }
  assert.equal(under.lane.status().counters.recorded, 30);
  under.device.breakOff(false);
  under.destination.setTrouble('none');
  await under.pass(5_000);
  assert.deepEqual(under.delivered, numbers(30));
});

test('a record is not answered as recorded by a connection that broke while it was written', async () => {
  const under = new LaneUnderTest({ transport: 'stream', bufferBytes: 400, writeTimeoutMs: 60_000 });
  await under.open();
  under.destination.setTrouble('hang');
  const sent = under.send(10, 100);
  await under.pass(50);
  under.destination.setTrouble('refusing');
  under.device.breakOff(false);
  await under.pass(2_000);
  assert.equal(sent.outcomes().includes('recorded'), false);
  under.destination.setTrouble('none');
  await under.pass(20_000);
  assert.deepEqual(sent.outcomes(), times(10, 'recorded'));
  assert.deepEqual(under.delivered, numbers(10));
});

test('a connection that takes nothing for two minutes is given up and its lines go to the next one', async () => {
  const under = new LaneUnderTest({ transport: 'stream', bufferBytes: 200 });
  await under.open();
  under.device.vanish();
  const sent = under.send(5, 100);
  await under.pass(119_000);
  assert.equal(under.lane.state, 'blocked');
  await under.pass(5_000);
  assert.equal(under.lane.state, 'ok');
  assert.deepEqual(under.delivered, numbers(5));
  assert.deepEqual(sent.outcomes(), times(5, 'late'));
  assert.equal(under.lane.status().counters.failures.aborted, 1);
});

test('a connection that is accepted and never made is given up', async () => {
  const under = new LaneUnderTest({ transport: 'stream' });
  under.device.vanish();
  under.send(1);
  await under.pass(29_000);
  assert.deepEqual(under.destination.log, []);
  await under.pass(5_000);
  assert.deepEqual(under.destination.log, [0]);
});
