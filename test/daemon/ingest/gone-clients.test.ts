import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SilentConnection } from '../../../daemon/ingest/silent-connection.ts';
import type { Life } from '../../simulation/scenario.ts';
import { ConnectionUnderTest } from './connection-under-test.ts';
import { idleReader } from './idle-reader.ts';
import { record } from './ingest-under-test.ts';

const one = `${record(1)}\n`;

/** More than a read takes. */
const count = 3_000;

interface Gone {
  readonly hasMeans?: boolean;
  readonly limits?: Partial<Life['limits']>;
}

/** A silent client that has sent `count` records while no device can record, and is gone. */
async function gone(
  t: TestContext,
  { hasMeans = true, limits = {} }: Gone = {},
): Promise<ConnectionUnderTest> {
  const under = new ConnectionUnderTest(t, { replies: 'none', hasMeans, limits });
  for (let number = 1; number <= count; number++) under.socket.send(Buffer.from(`${record(number)}\n`));
  await under.pass(200);
  assert.ok(under.socket.unheardBytes > 0, 'it is held back');
  under.socket.hangUp();
  return under;
}

function numbers(upTo = count): number[] {
  return Array.from({ length: upTo }, (_, at) => at + 1);
}

test('a silent client that is gone while it is held back loses its place at once, and no record', async (t) => {
  const under = await gone(t);
  await under.pass(60);
  assert.equal(under.socket.destroyed, true);
  assert.equal(under.socket.unheardBytes, 0);
  assert.equal(under.daemon.counters.connections, 0);
  assert.equal(under.daemon.connections.size, 1, 'a stop waits for what it has left');
  await under.pass(60_000);
  assert.equal(under.daemon.counters.received, 0);
  const destination = under.device('a/');
  await under.pass(500);
  assert.deepEqual(destination.log, numbers());
  assert.equal(under.daemon.connections.size, 0);
  assert.equal(under.connection.bytes, 0);
  assert.equal(under.daemon.counters.bytesInFlight, 0);
});

test('a stop waits for the socket of a silent client whose last record was decided a moment before', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none' });
  const destination = under.device('a/');
  await under.send(one);
  await under.pass(1.3);
  under.socket.hangUp();
  while (under.connection.bytes > 0) await under.pass(0.1);
  assert.deepEqual([destination.log, under.socket.destroyed], [[1], true]);
  assert.equal(under.daemon.counters.connections, 1, 'the system has not closed it yet');
  const left = under.connection.stop().then(() => under.daemon.counters.connections);
  await under.pass(10);
  assert.equal(await left, 0);
  assert.equal(under.daemon.connections.size, 0);
});

test('a silent client that is held back and there is read no further, be it that it sends no more', async (t) => {
  for (const ends of [false, true]) {
    const under = new ConnectionUnderTest(t, { replies: 'none' });
    for (let number = 1; number <= count; number++) under.socket.send(Buffer.from(`${record(number)}\n`));
    if (ends) under.socket.shutDown();
    await under.pass(1_000);
    assert.equal(under.socket.isPaused(), true);
    assert.equal(under.socket.destroyed, false);
    assert.ok(under.socket.unheardBytes > 65_536);
    const destination = under.device('a/');
    await under.pass(500);
    assert.deepEqual(destination.log, numbers());
  }
});

test('without the means to see that it is gone, a silent client keeps its place until devices can record', async (t) => {
  const under = await gone(t, { hasMeans: false });
  await under.pass(1_000);
  assert.equal(under.daemon.counters.connections, 1);
  assert.ok(under.socket.unheardBytes > 0);
  const destination = under.device('a/');
  await under.pass(500);
  assert.deepEqual(destination.log, numbers());
  assert.equal(under.daemon.counters.connections, 0);
});

test('a silent client that is gone while its records are in flight does not wait for them', async (t) => {
  for (const hasMeans of [true, false]) {
    const under = new ConnectionUnderTest(t, { replies: 'none', hasMeans });
    const destination = under.device('a/');
    destination.setTrouble('hang');
    await under.send(one);
    under.socket.hangUp();
    await under.pass(10);
    assert.equal(under.daemon.counters.connections, hasMeans ? 0 : 1);
    assert.equal(under.connection.inFlightBytes, one.length);
    destination.setTrouble('none');
    await under.pass(60);
    assert.deepEqual(destination.log, [1]);
    assert.equal(under.daemon.connections.size, 0);
  }
});

test('a read that was granted to a client who is gone is not taken back before it comes, nor granted twice', async (t) => {
  const under = await gone(t);
  const { memory } = under.daemon.together;
  let granted = 0;
  memory.mayKeep = () => granted-- > 0;
  await under.pass(60);
  const unheard = under.socket.unheardBytes;
  assert.ok(unheard > 65_536);
  granted = 1;
  // As records do that pass in the meantime.
  for (let time = 0; time < 3; time++) under.connection.resume();
  await under.pass(1);
  assert.equal(under.socket.unheardBytes, unheard - 65_536);
  await under.pass(200);
  assert.equal(under.socket.unheardBytes, unheard - 65_536);
});

test('what clients who are gone have left takes half of the memory, and the rest of it stays in the system', async (t) => {
  const totalBytes = 2 * 65_536;
  const under = await gone(t, { limits: { totalBytes } });
  await under.pass(10_000);
  const kept = under.connection.bytes;
  assert.ok(kept >= totalBytes / 2 && kept <= totalBytes / 2 + 65_536, `${kept}`);
  assert.equal(under.daemon.counters.connections, 1, 'it still has its socket');
  const unheard = under.socket.unheardBytes;
  assert.ok(unheard > 0);
  const destination = under.device('a/');
  await under.pass(1_000);
  assert.deepEqual(destination.log, numbers());
  assert.equal(under.daemon.counters.connections, 0);
});

test('nothing that clients who are gone have left is kept while records in flight take all of the memory', async (t) => {
  const under = await gone(t, { limits: { totalBytes: 1_000_000 } });
  const large = { ...idleReader, bytes: 1_000_000, inFlightBytes: 1_000_000 };
  under.daemon.together.memory.join(large);
  await under.pass(1_000);
  assert.equal(under.daemon.counters.connections, 1);
  under.daemon.together.memory.leave(large);
  await under.pass(200);
  assert.equal(under.daemon.counters.connections, 0);
  assert.equal(under.socket.unheardBytes, 0);
});

test('half a record of a client that is gone is refused when its turn has come, not by the time it waited', async (t) => {
  const under = new ConnectionUnderTest(t, { replies: 'none' });
  const destination = under.device('a/');
  destination.setTrouble('failing');
  await under.send(one.slice(0, 20));
  await under.pass(200);
  under.socket.send(Buffer.from(`${one.slice(20)}${record(2)}\n${one.slice(0, 20)}`));
  await under.pass(100);
  under.socket.hangUp();
  await under.pass(2_000_000);
  assert.equal(under.daemon.counters.connections, 0);
  assert.equal(under.daemon.counters.refused.overloaded, 0);
  destination.setTrouble('none');
  await under.pass(10_000);
  assert.deepEqual([...new Set(destination.log)], [1, 2]);
  assert.equal(under.daemon.counters.refused.invalid_record, 1);
});

test('a stop reads what a client who is gone has left as devices can record it, and then at once', async (t) => {
  for (const limits of [{}, { totalBytes: 2 * 65_536 }]) {
    for (const hurries of [false, true]) {
      const under = await gone(t, { limits });
      const { connection, daemon } = under;
      assert.ok(connection instanceof SilentConnection);
      await under.pass(100);
      const ended: string[] = [];
      void connection.heard.then(() => ended.push('heard'));
      void connection.stop().then(() => ended.push('stopped'));
      daemon.broker.stop();
      await under.pass(5_000);
      assert.deepEqual(ended, []);
      const destination = hurries ? null : under.device('a/');
      if (hurries) connection.hurry();
      await under.pass(1_000);
      assert.deepEqual(ended, ['heard', 'stopped']);
      assert.equal(daemon.counters.received, count);
      assert.deepEqual(destination?.log ?? numbers(), numbers());
      assert.equal(daemon.connections.size, 0);
    }
  }
});

test('ended at last, a connection whose client is gone offers what it has to the devices', async (t) => {
  const under = await gone(t);
  await under.pass(100);
  under.connection.destroy();
  await under.pass(1);
  assert.equal(under.daemon.counters.received, count);
  assert.equal(under.daemon.connections.size, 0);
  assert.equal(under.connection.bytes, 0);
});

test('a defect that is met in what a client has left ends it', async (t) => {
  const under = await gone(t);
  let defects = 0;
  const formatter = Object.create(under.daemon.ingest.formatter, {
    scan: {
      value: () => {
        throw new Error('planted');
      },
    },
  });
  Object.assign(under.daemon.ingest, { formatter, onDefect: () => defects++ });
  await under.pass(100);
  under.device('a/');
  await under.pass(1_000);
  assert.equal(defects, 1);
  assert.equal(under.daemon.connections.size, 0);
  assert.equal(under.connection.bytes, 0);
});
