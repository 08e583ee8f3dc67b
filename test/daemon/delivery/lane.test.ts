import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceFailure } from '../../../devices/device.ts';
import { sliceLines } from '../../../format/lines.ts';
import { LaneUnderTest, numbers, times } from './lane-under-test.ts';

test('records are written in order and answered as recorded', async () => {
  const under = new LaneUnderTest();
  const sent = [under.send(3), under.send(1), under.send(5)];
  await under.pass(50);
  assert.deepEqual(under.destination.log, numbers(9));
  assert.deepEqual(
    sent.flatMap((records) => records.outcomes()),
    times(9, 'recorded'),
  );
  assert.equal(under.lane.status().counters.recorded, 9);
  assert.equal(under.lane.state, 'ok');
});

test('what arrives during a write goes out with the next one', async () => {
  const under = new LaneUnderTest();
  const writes: number[] = [];
  const write = under.device.write.bind(under.device);
  under.device.write = (lines, signal) => {
    writes.push(lines.ends.length);
    return write(lines, signal);
  };
  await under.open();
  under.destination.setTrouble('hang');
  under.send(1);
  await under.pass(5);
  for (let count = 0; count < 20; count++) under.send(1);
  under.destination.setTrouble('none');
  await under.pass(20);
  assert.deepEqual(writes, [1, 20]);
});

test('a missed deadline decides the reply and the record is delivered late', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 500 });
  under.destination.setTrouble('hang');
  const sent = under.send(2);
  await under.pass(499);
  assert.equal(sent.decidedAt(), null);
  await under.pass(2);
  assert.equal(sent.decidedAt(), 500);
  assert.deepEqual(sent.outcomes(), ['late', 'late']);
  assert.deepEqual(under.destination.log, []);
  under.destination.setTrouble('none');
  await under.pass(50);
  assert.deepEqual(under.destination.log, [0, 1]);
  assert.deepEqual(sent.outcomes(), ['late', 'late'], 'an outcome is final');
  const { counters } = under.lane.status();
  assert.equal(counters.late, 2);
  assert.equal(counters.recorded, 2);
});

test('each batch has its own deadline, counted from its arrival', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 500 });
  under.destination.setTrouble('hang');
  const first = under.send(1);
  await under.pass(200);
  const second = under.send(1);
  await under.pass(600);
  assert.equal(first.decidedAt(), 500);
  assert.equal(second.decidedAt(), 700);
});

test('without a write timeout a record waits as long as it takes', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 0 });
  under.destination.setTrouble('hang');
  const sent = under.send(1);
  await under.pass(100_000);
  assert.equal(sent.decidedAt(), null);
  assert.equal(under.lane.state, 'slow');
  under.destination.setTrouble('none');
  await under.pass(50);
  assert.deepEqual(sent.outcomes(), ['recorded']);
});

test('the state goes over slow to blocked while nothing is taken, and back to ok', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 1_000 });
  await under.open();
  under.destination.setTrouble('hang');
  under.send(1);
  await under.pass(1_200);
  assert.deepEqual(under.states, ['slow', 'blocked']);
  assert.ok(under.lane.status().blockedMs >= 100);
  assert.equal(under.lane.status().counters.timeouts, 1);
  assert.equal(under.lane.hasRoom, false);
  under.destination.setTrouble('none');
  await under.pass(100);
  assert.deepEqual(under.states, ['slow', 'blocked', 'ok']);
  assert.equal(under.lane.hasRoom, true);
});

test('a full queue drops what is new and keeps what waits', async () => {
  const under = new LaneUnderTest({ queueBytes: 2_000 });
  under.destination.setTrouble('hang');
  const kept = [under.send(1, 200), under.send(1, 200)];
  const dropped = under.send(2, 200);
  assert.deepEqual(dropped.outcomes(), ['queue_full', 'queue_full']);
  assert.notEqual(dropped.decidedAt(), null, 'the reply does not wait for the deadline');
  under.destination.setTrouble('none');
  await under.pass(50);
  assert.deepEqual(
    kept.flatMap((records) => records.outcomes()),
    ['recorded', 'recorded'],
  );
  assert.deepEqual(under.destination.log, [0, 1]);
  assert.equal(under.lane.status().counters.dropped.queue_full, 2);
});

test('an empty queue takes a batch that is larger than its bound', async () => {
  const under = new LaneUnderTest({ queueBytes: 1_000 });
  const sent = under.send(10, 300);
  await under.pass(50);
  assert.deepEqual(sent.outcomes(), times(10, 'recorded'));
});

test('a line that the destination can never take is refused alone', async () => {
  const under = new LaneUnderTest({ transport: 'datagram', maxLineBytes: 100 });
  const small = under.send(2);
  const large = under.send(1, 300);
  const after = under.send(1);
  await under.pass(50);
  assert.deepEqual(small.outcomes(), ['recorded', 'recorded']);
  assert.deepEqual(large.outcomes(), ['too_large']);
  assert.deepEqual(after.outcomes(), ['recorded']);
  assert.deepEqual(under.destination.log, [0, 1, 3]);
  assert.equal(under.lane.status().counters.dropped.too_large, 1);
});

test('a slow device has room, and a full half of the queue is none', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 1_000, queueBytes: 2 * (512 + 100) });
  await under.open();
  under.destination.setTrouble('hang');
  under.send(1, 99);
  await under.pass(600);
  assert.deepEqual([under.lane.state, under.lane.hasRoom], ['slow', true]);
  const fuller = new LaneUnderTest({ writeTimeoutMs: 1_000, queueBytes: 2 * (512 + 100) });
  await fuller.open();
  fuller.destination.setTrouble('hang');
  fuller.send(1, 100);
  assert.deepEqual([fuller.lane.state, fuller.lane.hasRoom], ['ok', false]);
});

test('a device that fails or is closed has no room', async () => {
  const under = new LaneUnderTest();
  under.destination.setTrouble('refusing');
  under.send(1);
  await under.pass(20);
  assert.deepEqual([under.lane.state, under.lane.hasRoom], ['failing', false]);
  await under.lane.close('disabled', 0);
  assert.equal(under.lane.hasRoom, false);
});

test('only lines that wait still are late when their deadline passes', async () => {
  const under = new LaneUnderTest({ writeTimeoutMs: 500 });
  await under.open();
  const write = under.device.write.bind(under.device);
  // A disk that takes two lines and is full then.
  under.device.write = async (lines, signal) => {
    const { settled } = await write(sliceLines(lines, 0, Math.min(2, lines.ends.length)), signal);
    under.device.write = () => new Promise(() => {});
    return { settled, refused: [], failure: new DeviceFailure('no_space', 'Cannot write: disk is full') };
  };
  const sent = under.send(5);
  await under.pass(600);
  assert.deepEqual(sent.outcomes(), ['recorded', 'recorded', 'late', 'late', 'late']);
  const { counters } = under.lane.status();
  assert.deepEqual([counters.recorded, counters.late], [2, 3]);
});

test('bytes and records that are refused are not counted as recorded', async () => {
  const under = new LaneUnderTest({ transport: 'datagram', maxLineBytes: 100 });
  await under.open();
  const sizes = [60, 300, 70, 200, 100, 101];
  // One write: they come while another one is under way.
  under.destination.setTrouble('hang');
  under.send(1, 50);
  await under.pass(5);
  const sent = sizes.map((bytes) => under.send(1, bytes));
  under.destination.setTrouble('none');
  await under.pass(50);
  assert.deepEqual(
    sent.flatMap((records) => records.outcomes()),
    ['recorded', 'too_large', 'recorded', 'too_large', 'recorded', 'too_large'],
  );
  const { counters } = under.lane.status();
  assert.equal(counters.bytes, 50 + 60 + 70 + 100);
  assert.equal(counters.recorded, 4);
  assert.equal(counters.dropped.too_large, 3);
  assert.equal(counters.late, 0);
});

test('the status tells what waits, how old it is, and what went wrong last', async () => {
  const under = new LaneUnderTest({ queueBytes: 5_000, writeTimeoutMs: 60_000 });
  await under.pass(1_000);
  assert.equal(under.lane.status().oldestWaitingMs, 0);
  under.destination.setTrouble('refusing');
  under.send(2, 100);
  await under.pass(300);
  const status = under.lane.status();
  assert.equal(status.oldestWaitingMs, 300);
  assert.deepEqual([status.queueRecords, status.queueBytes, status.queueLimitBytes], [2, 712, 5_000]);
  assert.deepEqual([status.path, status.type, status.state], ['device/', 'file', 'failing']);
  assert.equal(status.lastFailure?.reason, 'permission');
  assert.ok(status.lastFailure!.at > status.since && status.counters.failures.permission > 1);
  assert.equal(status.counters.reconnects, 0);
});

test('what a connection took and is sent again counts once as recorded, and its bytes twice', async () => {
  const under = new LaneUnderTest({ transport: 'stream' });
  await under.open();
  under.destination.setTrouble('hang');
  under.send(2, 100);
  await under.pass(50);
  under.device.breakOff(false);
  under.destination.setTrouble('none');
  await under.pass(2_000);
  const { recorded, bytes, resent, reconnects } = under.lane.status().counters;
  assert.deepEqual(
    { recorded, bytes, resent, reconnects },
    { recorded: 2, bytes: 400, resent: 2, reconnects: 1 },
  );
});
