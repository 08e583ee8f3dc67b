import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replyLines } from '../../../daemon/ingest/replies.ts';
import { SilentConnection } from '../../../daemon/ingest/silent-connection.ts';
import { recordTimeoutMs } from '../../simulation/simulated-daemon.ts';
import { ConnectionUnderTest } from './connection-under-test.ts';
import { idleReader } from './idle-reader.ts';
import { record } from './ingest-under-test.ts';

const one = `${record(1)}\n`;

test('bytes in flight hold the client back from the bound on, until replies have gone out', async (t) => {
  for (const [bound, waits] of [
    [2 * one.length, true],
    [2 * one.length + 1, false],
  ] as const) {
    const under = new ConnectionUnderTest(t, { limits: { connectionBytes: bound } });
    under.device('a/').setTrouble('hang');
    await under.send(one);
    assert.equal(under.socket.isPaused(), false);
    await under.send(one);
    assert.equal(under.socket.isPaused(), waits, `${bound}`);
    await under.pass(1_100);
    assert.deepEqual(under.codes, ['not_recorded', 'not_recorded']);
    assert.equal(under.socket.isPaused(), false);
  }
});

test('records in flight hold the client back from the bound on', async (t) => {
  const under = new ConnectionUnderTest(t, { bounds: { records: 3 } });
  under.device('a/').setTrouble('hang');
  await under.send(`${one}${one}`);
  assert.equal(under.socket.isPaused(), false);
  await under.send(one);
  assert.equal(under.socket.isPaused(), true);
  await under.send(one);
  assert.equal(under.connection.inFlightBytes, 3 * one.length, 'nothing more is read');
  await under.pass(1_100);
  assert.equal(under.connection.inFlightBytes, one.length, 'the fourth is read once the first are answered');
});

test('replies that the client leaves unread hold it back from the bound on, until it reads', async (t) => {
  const reply = '{"ok":true}\n';
  const under = new ConnectionUnderTest(t, { bounds: { unreadBytes: 2 * reply.length }, toClient: 1 });
  under.device('a/');
  under.reads = false;
  await under.send(one);
  await under.pass(10);
  assert.equal(under.socket.writableLength, reply.length);
  assert.equal(under.socket.isPaused(), false);
  await under.send(one);
  await under.pass(10);
  assert.equal(under.socket.writableLength, 2 * reply.length);
  assert.equal(under.socket.isPaused(), true, 'as soon as the reply is written, not at the next chunk');
  under.reads = true;
  under.read();
  await under.pass(10);
  assert.equal(under.text, reply.repeat(2));
  assert.equal(under.socket.isPaused(), false);
});

test('the memory of all connections holds one back, and it goes on when there is some again', async (t) => {
  const under = new ConnectionUnderTest(t, { limits: { totalBytes: one.length } });
  under.device('a/').setTrouble('hang');
  await under.send(one);
  assert.equal(under.socket.isPaused(), true);
  await under.pass(1_200);
  assert.equal(under.socket.isPaused(), false);
});

test('a client that ends its input has its replies, and then the end', async (t) => {
  const under = new ConnectionUnderTest(t);
  under.device('a/', 300).setTrouble('hang');
  await under.send(`${one}${record(2)}`);
  under.socket.shutDown();
  await under.pass(250);
  assert.equal(under.sawEnd, false);
  assert.equal(under.daemon.counters.connections, 1);
  await under.pass(100);
  assert.deepEqual(under.codes, ['not_recorded', 'not_recorded']);
  assert.equal(under.sawEnd, true);
  assert.equal(under.over, 'daemon');
  assert.equal(under.daemon.counters.connections, 0);
});

test('a connection that breaks leaves what was whole to the devices, and nothing of it in memory', async (t) => {
  const under = new ConnectionUnderTest(t, { toClient: 1 });
  const destination = under.device('a/');
  under.reads = false;
  await under.send(one);
  await under.pass(10);
  destination.setTrouble('hang');
  await under.send(`${record(2)}\n${record(3)}`);
  under.socket.hangUp();
  await under.pass(10);
  assert.equal(under.over, 'client');
  assert.equal(under.daemon.counters.connections, 0);
  assert.equal(under.connection.bytes, record(2).length + 1, 'the unfinished record is dropped');
  destination.setTrouble('none');
  await under.pass(10);
  assert.deepEqual(destination.log, [1, 2]);
  assert.equal(under.connection.bytes, 0);
  assert.equal(under.daemon.counters.bytesInFlight, 0);
});

test('a stop answers all of a chunk, also what is refused at once, and then closes', async (t) => {
  const under = new ConnectionUnderTest(t);
  under.device('a/', 100).setTrouble('hang');
  await under.send(one);
  const stopped = under.connection.stop();
  under.daemon.broker.stop();
  await under.send(`nonsense\n${'x'.repeat(400)}\n${record(2)}\n[]\n`);
  await under.pass(200);
  assert.deepEqual(under.codes, [
    'not_recorded',
    'invalid_record',
    'too_large',
    'stopping',
    'invalid_record',
  ]);
  assert.equal(under.sawEnd, true);
  under.socket.hangUp();
  await under.pass(10);
  await stopped;
});

test('nothing in flight at a stop: a chunk that comes before the end is seen is thrown away', async (t) => {
  const under = new ConnectionUnderTest(t);
  const destination = under.device('a/');
  const stopped = under.connection.stop();
  await under.send(`nonsense\n${'x'.repeat(400)}\n${one}`);
  await under.send(one);
  await under.pass(20);
  assert.equal(under.text, '');
  assert.equal(under.sawEnd, true);
  assert.equal(under.daemon.counters.received, 0);
  assert.equal(under.connection.bytes, 0);
  assert.deepEqual(destination.log, []);
  assert.equal(under.socket.heard, true, 'it is read, so that the close is no reset');
  under.socket.hangUp();
  await under.pass(10);
  await stopped;
});

test('while it stops, a client that goes on sending is held to its bounds', async (t) => {
  const under = new ConnectionUnderTest(t, { bounds: { records: 3 } });
  under.device('a/').setTrouble('hang');
  await under.send(one);
  const stopped = under.connection.stop();
  under.daemon.broker.stop();
  for (let chunk = 0; chunk < 10; chunk++) await under.send(one);
  assert.equal(under.connection.inFlightBytes, 3 * one.length);
  await under.pass(1_100);
  assert.equal(under.sawEnd, true);
  under.socket.hangUp();
  await under.pass(10);
  await stopped;
});

test('a client that keeps its side open is given 500 ms after its last reply, and no more', async (t) => {
  const under = new ConnectionUnderTest(t);
  let stopped = false;
  void under.connection.stop().then(() => {
    stopped = true;
  });
  await under.pass(495);
  assert.equal(under.sawEnd, true);
  assert.equal(under.over, null);
  await under.pass(10);
  assert.equal(under.over, 'daemon');
  assert.equal(stopped, true);
});

test('a client that does not read its replies is not cut off before they are out', async (t) => {
  const under = new ConnectionUnderTest(t, { toClient: 1, bounds: { unreadBytes: 1 } });
  under.reads = false;
  await under.send(one);
  assert.equal(under.socket.isPaused(), true);
  const stopped = under.connection.stop();
  await under.pass(2_000);
  assert.equal(under.over, null);
  assert.equal(under.socket.isPaused(), false, 'what it still sends is read and thrown away');
  under.connection.destroy();
  await under.pass(10);
  await stopped;
  assert.equal(under.daemon.counters.connections, 0);
});

test('a stop of a connection that is closed is over at once', async (t) => {
  const under = new ConnectionUnderTest(t);
  under.socket.hangUp();
  await under.pass(10);
  assert.equal(under.daemon.counters.connections, 0);
  await under.connection.stop();
});

test('a sender that reads no replies is held back while no device can record, and loses nothing', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none' });
  await under.send(one);
  await under.send(`${record(2)}\n`);
  under.socket.shutDown();
  await under.pass(1_000);
  assert.equal(under.daemon.counters.received, 0);
  assert.equal(under.socket.isPaused(), true);
  const destination = under.device('a/');
  await under.pass(60);
  assert.deepEqual(destination.log, [1, 2]);
  assert.equal(under.text, '');
  assert.equal(under.sawEnd, true, 'the end came while its last chunk waited');
});

test('little is in flight of a sender that reads no replies', async (t) => {
  for (const [bound, waits] of [
    [one.length - 1, true],
    [one.length, false],
  ] as const) {
    const under = new ConnectionUnderTest(t, { replies: 'none', bounds: { silentBytes: bound } });
    const destination = under.device('a/');
    destination.setTrouble('hang');
    await under.send(one);
    await under.send(`${record(2)}\n`);
    assert.equal(under.connection.inFlightBytes, waits ? one.length : 2 * one.length, `${bound}`);
    assert.equal(under.socket.isPaused(), waits);
    destination.setTrouble('none');
    await under.pass(60);
    assert.deepEqual(destination.log, [1, 2]);
  }
});

test('what a sender that reads no replies has sent before a stop is offered to the devices', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none', bounds: { silentBytes: 1 } });
  const destination = under.device('a/');
  destination.setTrouble('hang');
  await under.send(one);
  await under.send(`${record(2)}\n`);
  assert.equal(under.connection.inFlightBytes, one.length, 'the second chunk waits');
  const stopped = under.connection.stop();
  under.daemon.broker.stop();
  assert.equal(under.socket.send(Buffer.from(one)), 0, 'it may not send any more');
  destination.setTrouble('none');
  await under.pass(100);
  assert.deepEqual(destination.log, [1, 2]);
  assert.equal(under.daemon.counters.ok, 2);
  assert.equal(under.over, 'daemon');
  await stopped;
});

test('at a stop all is read that a silent client has sent, as devices can record it', async (t) => {
  for (const ends of [false, true]) {
    const under = new ConnectionUnderTest(t, { replies: 'none' });
    const destination = under.device('a/');
    destination.setTrouble('failing');
    await under.send(one);
    await under.pass(200);
    for (let number = 2; number < 5_000; number++) under.socket.send(Buffer.from(`${record(number)}\n`));
    if (ends) under.socket.shutDown();
    void under.connection.stop();
    under.daemon.broker.stop();
    await under.pass(5_000);
    assert.equal(under.over, null, 'it is held back');
    destination.setTrouble('none');
    await under.pass(5_000);
    assert.equal(new Set(destination.log).size, 4_999);
    assert.equal(under.over, 'daemon');
  }
});

test('when the time of a stop is over, devices are given all that a silent client has sent', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none', bounds: { silentBytes: 1 } });
  under.device('a/').setTrouble('hang');
  for (let number = 1; number < 3_000; number++) under.socket.send(Buffer.from(`${record(number)}\n`));
  await under.pass(10);
  void under.connection.stop();
  under.daemon.broker.stop();
  await under.pass(500);
  assert.ok(under.socket.unheardBytes > 0);
  assert.ok(under.connection instanceof SilentConnection);
  under.connection.hurry();
  let heard = false;
  void under.connection.heard.then(() => {
    heard = true;
  });
  await under.pass(100);
  assert.equal(heard, true);
  assert.equal(under.socket.unheardBytes, 0);
  assert.equal(under.daemon.counters.received, 2_999);
});

test('where the right to send cannot be taken from it, a silent client is read until it is quiet for 50 ms', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none', hasMeans: false });
  const destination = under.device('a/');
  const stopped = under.connection.stop();
  under.daemon.broker.stop();
  for (const number of [1, 2, 3]) {
    await under.send(`${record(number)}\n`);
    await under.pass(45);
  }
  destination.setTrouble('failing');
  await under.send(one);
  await under.pass(100);
  await under.send(`${record(4)}\n`);
  await under.pass(500);
  assert.equal(under.over, null, 'held back it cannot be quiet');
  destination.setTrouble('none');
  await under.pass(5_000);
  await stopped;
  assert.deepEqual(new Set(destination.log), new Set([1, 2, 3, 4]));
  assert.equal(under.over, 'daemon');
});

test('a sender that is held back is looked at every 50 ms, until it is gone', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none' });
  const { broker } = under.daemon;
  let looks = 0;
  const canRecord = broker.canRecord.bind(broker);
  broker.canRecord = () => {
    looks++;
    return canRecord();
  };
  await under.send(one);
  await under.pass(220);
  assert.equal(looks, 5, 'when it came, and every 50 ms');
  under.connection.destroy();
  await under.pass(200);
  assert.equal(looks, 5, 'nobody looks at one that is gone');
});

test('a sender that reads no replies and goes while it waits has its last chunk kept', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none', bounds: { silentBytes: 1 } });
  const destination = under.device('a/');
  destination.setTrouble('hang');
  await under.send(one);
  await under.send(`${record(2)}\n`);
  under.connection.destroy();
  destination.setTrouble('none');
  await under.pass(20);
  assert.deepEqual(destination.log, [1, 2]);
});

test('a connection counts itself once', async (t) => {
  const under = new ConnectionUnderTest(t);
  const { counters } = under.daemon;
  assert.deepEqual([counters.connections, counters.connectionsAccepted], [1, 1]);
  under.socket.hangUp();
  await under.pass(10);
  assert.deepEqual([counters.connections, counters.connectionsAccepted], [0, 1]);
});

test('a connection that is gone has no share of the memory', async (t) => {
  const under = new ConnectionUnderTest(t, { limits: { totalBytes: 100 } });
  const { memory } = under.daemon.together;
  const large = { ...idleReader, bytes: 100, inFlightBytes: 100 };
  const small = { ...idleReader, bytes: 49, inFlightBytes: 49 };
  memory.join(large);
  memory.join(small);
  assert.equal(memory.mayRead(small), false, 'a third each');
  under.socket.hangUp();
  await under.pass(10);
  assert.equal(memory.mayRead(small), true, 'half each');
});

test('replies that are not read are in the account of all, and when memory is short who reads none goes', async (t) => {
  const under = new ConnectionUnderTest(t, { toClient: 1, limits: { totalBytes: 4_000 } });
  under.device('a/');
  under.reads = false;
  await under.send('nonsense\n'.repeat(30));
  await under.pass(10);
  const { writableLength } = under.socket;
  assert.ok(writableLength > 2_000);
  assert.equal(under.connection.bytes, writableLength);
  const { memory } = under.daemon.together;
  const reader = { stuckSince: null, fixedBytes: 0, aheadBytes: 0, resume: () => {}, giveWay: () => {} };
  const large = { ...reader, bytes: 2_500, inFlightBytes: 2_500, stuckBytes: 0 };
  memory.join(large);
  assert.equal(memory.mayRead(large), true);
  await under.pass(10);
  assert.equal(under.over, 'daemon');
  assert.equal(under.connection.bytes, 0);
});

test('a record that does not end in its time is refused and skipped, and the next one is served', async (t) => {
  const under = new ConnectionUnderTest(t);
  under.device('a/');
  await under.send(one);
  await under.send('{"request":');
  await under.pass(recordTimeoutMs - 1);
  assert.deepEqual(under.codes, ['ok']);
  await under.send('{');
  await under.pass(10);
  assert.deepEqual(under.codes, ['ok', 'overloaded'], 'a byte now and then does not help');
  assert.equal(under.connection.bytes, 0);
  await under.send(`}}\n${record(2)}\n`);
  await under.pass(20);
  assert.deepEqual(under.codes, ['ok', 'overloaded', 'ok']);
  assert.equal(under.daemon.counters.refused.overloaded, 1);
});

test('the time of a record counts from its own beginning', async (t) => {
  const under = new ConnectionUnderTest(t);
  under.device('a/');
  const half = one.slice(0, 20);
  await under.send(half);
  await under.pass(recordTimeoutMs / 2);
  await under.send(`${one.slice(20)}${half}`);
  await under.pass(recordTimeoutMs * 0.75);
  assert.deepEqual(under.codes, ['ok'], 'the timer of the first has fired');
  await under.send(`${one.slice(20)}`);
  await under.pass(recordTimeoutMs * 2);
  assert.deepEqual(under.codes, ['ok', 'ok']);
});

test('a sender that is held back is given its time anew', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none' });
  const destination = under.device('a/');
  destination.setTrouble('failing');
  await under.send(one.slice(0, 20));
  await under.pass(recordTimeoutMs / 2);
  await under.send(one.slice(20));
  await under.pass(recordTimeoutMs * 3);
  assert.equal(under.daemon.counters.refused.overloaded, 0);
});

/** Where a record can meet a defect: before the devices have it, in front of a device, or when the replies are due. */
const defects: Readonly<Record<string, (under: ConnectionUnderTest) => void>> = {
  scan: ({ daemon }) => {
    const formatter = Object.create(daemon.ingest.formatter, { scan: { value: thrower } });
    Object.assign(daemon.ingest, { formatter });
  },
  render: ({ daemon }) => {
    Object.defineProperty(daemon.situation.enabled[1]!.lane.format, 'render', {
      value: thrower,
      configurable: true,
    });
  },
  explain: ({ daemon }) => {
    daemon.broker.explain = thrower;
  },
  write: ({ socket }) => {
    socket.write = thrower;
  },
};

function thrower(): never {
  throw new RangeError('s.secret');
}

for (const [where, plant] of Object.entries(defects)) {
  test(`a throw in ${where} ends the client that is served, and no other`, async (t) => {
    const under = new ConnectionUnderTest(t);
    const destination = under.device('a/');
    under.device('b/');
    let told = '';
    const other = under.daemon.openSession(
      'status',
      (replies) => {
        told += replyLines(replies).toString();
      },
      (error) => assert.fail(`${error}`),
    );
    const { counters } = under.daemon;
    const heard: string[] = [];
    Object.assign(under.daemon.ingest, { onDefect: (error: unknown) => heard.push(`${error}`) });
    const formatter = under.daemon.ingest.formatter;
    if (where === 'explain') {
      under.daemon.require({ kind: 'all' });
      under.daemon.situation.enabled[1]!.destination.setTrouble('hang');
    }
    plant(under);
    under.socket.send(Buffer.from(`${one}{"unfinished`));
    await under.pass(2_000);
    assert.deepEqual(heard, ['RangeError: s.secret'], 'told once');
    assert.equal(under.over, 'daemon');
    assert.equal(under.text, '');
    assert.equal(under.connection.bytes, 0);
    assert.equal(counters.bytesInFlight, 0);
    assert.equal(counters.connections, 0);

    // The defect gone, the daemon is as it was: the kernel is free, the lanes are in order.
    Object.assign(under.daemon.ingest, { formatter });
    const { lane } = under.daemon.situation.enabled[1]!;
    if (where === 'render') Reflect.deleteProperty(lane.format, 'render');
    under.daemon.situation.enabled[1]!.destination.setTrouble('none');
    await under.pass(5_000);
    other.receive(Buffer.from(`${record(2)}\n`));
    await under.pass(2_000);
    assert.equal(told, '{"ok":true}\n');
    assert.ok(destination.log.includes(2));
    assert.equal(counters.bytesInFlight, 0);
  });
}
