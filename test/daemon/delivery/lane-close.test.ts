import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceFailure } from '../../../devices/device.ts';
import { LaneUnderTest, times } from './lane-under-test.ts';

test('closing drops what waits, answers it, and closes the device', async () => {
  const under = new LaneUnderTest({ transport: 'stream', bufferBytes: 100, writeTimeoutMs: 5_000 });
  await under.open();
  under.destination.setTrouble('hang');
  const sent = under.send(10, 90);
  await under.pass(10);
  const closing = under.lane.close('disabled', 0);
  await under.pass(1_100);
  await closing;
  assert.deepEqual(sent.outcomes(), times(10, 'disabled'));
  assert.equal(under.lane.state, 'disabled');
  assert.equal(under.lane.status().queueBytes, 0);
  assert.equal(under.lane.status().counters.dropped.disabled, 10);
  assert.deepEqual(under.send(1).outcomes(), ['disabled']);
  assert.equal(under.lane.status().queueRecords, 0);
  assert.equal(under.lane.status().counters.dropped.disabled, 11);
});

test('deadlines pass while a lane closes', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 300 });
  await under.open();
  under.destination.setTrouble('hang');
  const sent = under.send(1);
  await under.pass(50);
  const closing = under.lane.close('stopping', 0);
  await under.pass(1_500);
  await closing;
  assert.deepEqual(sent.outcomes(), ['late']);
  assert.ok(sent.decidedAt()! <= 400);
});

test('draining waits until all is written, or for its time', async () => {
  const under = new LaneUnderTest();
  under.send(5);
  const drained = under.lane.drain(1_000);
  await under.pass(50);
  assert.equal(await drained, true);
  under.destination.setTrouble('hang');
  under.send(1);
  const given = under.lane.drain(1_000);
  await under.pass(1_100);
  assert.equal(await given, false);
  assert.equal(await new LaneUnderTest().lane.drain(1_000), true);
});

test('a reopening comes between two writes, never during one', async () => {
  const under = new LaneUnderTest();
  under.send(1);
  const reopened = under.lane.reopen();
  under.send(1);
  await under.pass(50);
  await reopened;
  assert.deepEqual(under.destination.log, [0, 1]);
  under.destination.setTrouble('refusing');
  const refused = under.lane.reopen();
  refused.catch(() => {});
  await under.pass(50);
  await assert.rejects(refused, DeviceFailure);
  under.destination.setTrouble('none');
  under.send(1);
  await under.pass(50);
  assert.deepEqual(under.destination.log, [0, 1, 2], 'a reopening that failed changes nothing');
});

test('a connection that breaks while its lane closes has recorded nothing of its last write', async () => {
  const under = new LaneUnderTest({ transport: 'stream', bufferBytes: 500, writeTimeoutMs: 60_000 });
  await under.open();
  under.destination.setTrouble('hang');
  const sent = under.send(10, 100);
  await under.pass(10);
  const closing = under.lane.close('stopping', 0);
  under.device.breakOff(false);
  await under.pass(2_000);
  await closing;
  assert.deepEqual(sent.outcomes(), times(10, 'stopping'));
});

test('a device has its time to close, which counts from before its last write, and a second at least', async () => {
  for (const [given, had] of [
    [0, 1_000],
    [5_000, 5_000],
  ] as const) {
    const under = new LaneUnderTest({ writeTimeoutMs: 60_000 });
    await under.open();
    let aborted = false;
    under.device.close = (signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve();
        }),
      );
    const closing = under.lane.close('stopping', given);
    await under.pass(had - 1);
    assert.equal(aborted, false);
    await under.pass(1);
    await closing;
    assert.equal(aborted, true);
  }
});
