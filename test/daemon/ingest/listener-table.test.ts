import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ListenerConfig, StreamListenerConfig } from '../../../config/config.ts';
import { createIngest, type IngestSettings } from '../../../daemon/ingest/ingest-settings.ts';
import { ListenerTable } from '../../../daemon/ingest/listener-table.ts';
import { SocketPathRefused } from '../../../daemon/sockets/socket-file.ts';
import { emptyRecordPolicy } from '../../../format/line-options.ts';
import { HeldClock } from '../../support/held-clock.ts';
import { logInto } from '../../support/log-lines.ts';
import { RecordClient } from '../../support/record-client.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

const mebibyte = 1024 * 1024;
const stopTimeoutMs = 7_000;

/** A table of listeners without a device behind them. */
class TableUnderTest {
  readonly folder: string;
  readonly clock: HeldClock = new HeldClock();
  readonly log: string[] = [];
  readonly shared: IngestSettings;
  readonly table: ListenerTable;
  readonly #test: TestContext;

  constructor(t: TestContext, connections = 100) {
    this.#test = t;
    this.folder = temporaryDirectory(t);
    this.shared = createIngest({
      policy: emptyRecordPolicy,
      requirement: { kind: 'any' },
      clock: this.clock,
      onDefect: (error) => assert.fail(`${error}`),
      onThreadDeath: (error) => assert.fail(`${error}`),
      limits: {
        maxRecordBytes: mebibyte,
        connectionBytes: mebibyte,
        totalBytes: mebibyte,
        connections,
        recordTimeoutMs: 60_000,
        stopTimeoutMs,
      },
    });
    this.table = new ListenerTable(this.shared, this.clock, logInto(this.log, 'info'));
    t.after(async () => {
      await this.table.closeDoors();
      const stopped = this.table.stop();
      this.table.destroy();
      await stopped;
    });
  }

  place(name: string): string {
    return path.join(this.folder, name);
  }

  stream(name: string, change: Partial<StreamListenerConfig> = {}): StreamListenerConfig {
    return {
      kind: 'stream',
      path: this.place(name),
      mode: 0o600,
      group: null,
      replies: 'status',
      headers: 'apply',
      ...change,
    };
  }

  http(name: string): ListenerConfig {
    return {
      kind: 'http',
      address: { kind: 'unix', path: this.place(name) },
      mode: 0o600,
      group: null,
      headers: 'apply',
    };
  }

  async listen(...configs: readonly ListenerConfig[]): Promise<void> {
    await this.table.commit(await this.table.prepare(configs));
  }

  connect(name: string): Promise<RecordClient> {
    return RecordClient.connect(this.#test, this.place(name));
  }

  logged(text: string): number {
    return this.log.filter((line) => line.includes(text)).length;
  }
}

test('clients of a removed listener have what is due and go; one that stays is ended after `stop_timeout`', async (t) => {
  const under = new TableUnderTest(t);
  await under.listen(under.stream('a'), under.stream('b'));
  const client = await under.connect('a');
  client.send('{}');
  assert.equal((await client.replied(1))[0]!.code, 'no_device');
  const other = await under.connect('b');
  await under.listen(under.stream('b', { replies: 'devices' }));
  await waitFor('the socket is gone', () => !existsSync(under.place('a')));
  await waitFor('the client sees the end', () => client.ended);
  await waitFor('its time runs', () => under.clock.pending.includes(500));
  assert.deepEqual(under.clock.pending, [stopTimeoutMs, 500]);
  assert.equal(under.logged('listener closed'), 0);
  under.clock.fire();
  await waitFor('it is gone', () => under.logged('listener closed') === 1);
  await waitFor('and counted no more', () => under.shared.counters.connections === 1);
  other.send('{}');
  assert.equal((await other.replied(1))[0]!.code, 'no_device');
});

for (const kind of ['stream', 'http'] as const) {
  test(`a removed ${kind} listener is destroyed when its time is over, whatever its clients do`, async (t) => {
    const under = new TableUnderTest(t);
    await under.listen(under[kind]('a'));
    const socket = net.connect({ path: under.place('a'), allowHalfOpen: true });
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    // Never read, and too much for the buffers between: the daemon's end cannot come through.
    socket.write(kind === 'stream' ? 'x\n'.repeat(30_000) : 'POST /v1/records HTTP/1.1\r\n');
    await waitFor('it is there', () => under.shared.counters.connections === 1);
    if (kind === 'stream') await waitFor('it is read', () => under.shared.counters.received > 0);
    await under.listen();
    let stopped = false;
    const stopping = under.table.stop().then(() => {
      stopped = true;
    });
    await waitFor('its time runs', () => under.clock.pending.includes(stopTimeoutMs));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    assert.equal(stopped, false, 'a stop waits for those that are ending');
    under.clock.fire();
    await stopping;
    await waitFor('the client is gone', () => under.shared.counters.connections === 0);
    assert.equal(under.logged('listener closed'), 1);
  });
}

test('an end destroys the clients of listeners that are removed as of those that stay', async (t) => {
  const under = new TableUnderTest(t);
  await under.listen(under.stream('a'), under.stream('b'));
  await under.connect('a');
  await under.connect('b');
  await waitFor('both are there', () => under.shared.counters.connections === 2);
  await under.listen(under.stream('b'));
  const stopping = under.table.stop();
  under.table.destroy();
  await stopping;
  assert.equal(under.shared.counters.connections, 0);
});

for (const ms of [1, 999, 1_000, 60_000]) {
  test(`when all places are taken, the client that has been idle ${ms} ms longer gives way`, async (t) => {
    const under = new TableUnderTest(t, 3);
    await under.listen(under.stream('a'));
    const clients = [await under.connect('a'), await under.connect('a'), await under.connect('a')];
    await waitFor('all are there', () => under.shared.counters.connections === 3);
    // The idle one is neither the first that came nor the last.
    for (const at of [2, 0]) {
      under.clock.pass(ms);
      clients[at]!.send('{}');
      await clients[at]!.replied(1);
    }
    for (const at of [1, 2, 0]) {
      await under.connect('a');
      await waitFor('the one that was idle longest is ended', () => clients[at]!.ended);
      under.clock.pass(ms);
    }
    assert.equal(under.shared.counters.connectionsGivenUp, 3);
  });
}

test('when all places are taken, the client that has been idle longest gives way; each full house is logged once', async (t) => {
  const under = new TableUnderTest(t, 2);
  await under.listen(under.stream('a'));
  const { counters } = under.shared;
  const first = await under.connect('a');
  const second = await under.connect('a');
  await waitFor('both are there', () => counters.connections === 2);
  under.clock.pass(1);
  first.send('{}');
  await first.replied(1);
  const third = await under.connect('a');
  await waitFor('the idle one is ended', () => second.ended);
  third.send('{}');
  assert.equal((await third.replied(1))[0]!.code, 'no_device');
  first.send('{}');
  assert.equal((await first.replied(2)).length, 2, 'who was busy since stays');
  assert.equal(under.logged('too many connections'), 1);
  assert.deepEqual([counters.connectionsGivenUp, counters.connectionsRefused], [1, 0]);
  first.socket.destroy();
  await waitFor('there is room', () => counters.connections === 1);
  await under.connect('a');
  await waitFor('it is full again', () => counters.connections === 2);
  await under.connect('a');
  await waitFor('another is ended', () => counters.connectionsGivenUp === 2);
  assert.equal(under.logged('too many connections'), 2);
});

test('a client in the middle of a record stays, unless its listener has more than its share and another less', async (t) => {
  const under = new TableUnderTest(t, 4);
  await under.listen(under.stream('a'), under.stream('b'));
  const { counters } = under.shared;
  const clients: RecordClient[] = [];
  for (let each = 1; each <= 4; each++) {
    const client = await under.connect('a');
    const { bytes } = counters;
    client.socket.write('{"half');
    await waitFor('it is read', () => counters.bytes > bytes);
    clients.push(client);
  }
  const fifth = await under.connect('a');
  await waitFor('one more is closed', () => fifth.ended);
  assert.equal(counters.connectionsRefused, 1);

  for (const each of [0, 1]) {
    const { bytes } = counters;
    const other = await under.connect('b');
    other.socket.write('{"half');
    await waitFor('it is read', () => counters.bytes > bytes);
    await waitFor('the oldest makes room', () => clients[each]!.ended);
  }
  const third = await under.connect('b');
  await waitFor('both have their share', () => third.ended);
  for (const client of clients.slice(2)) {
    client.socket.write('":1}\n');
    assert.equal((await client.replied(1))[0]!.code, 'no_device');
  }
});

test('a silent client whose bytes wait for a device keeps its place', async (t) => {
  const under = new TableUnderTest(t, 1);
  // A device that works and has no room: the listener listens, and its clients wait.
  Object.defineProperty(under.shared.broker, 'works', { value: true });
  await under.listen(under.stream('a', { replies: 'none' }), under.stream('b'));
  const silent = await under.connect('a');
  silent.send('{}');
  await waitFor('it is there', () => under.shared.counters.connections === 1);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  const other = await under.connect('b');
  await waitFor('the other is closed', () => other.ended);
  assert.equal(silent.ended, false);
  assert.equal(under.shared.counters.connectionsRefused, 1);
});

test('as many clients as may be connected can wait to be accepted', async (t) => {
  const under = new TableUnderTest(t);
  await under.listen(under.stream('a'), under.http('h'));
  const system = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  // `ss` shows the backlog of a listener as its send queue.
  const listening = spawnSync('ss', ['-xlnH'], { encoding: 'utf8' });
  if (listening.error !== undefined) return t.skip('needs ss: apt-get install iproute2');
  const backlogs = listening.stdout
    .split('\n')
    .filter((line) => line.includes(under.folder.split('/').at(-1)!))
    .map((line) => Number(line.trim().split(/\s+/)[3]));
  assert.equal(backlogs.length, 2);
  for (const backlog of backlogs) assert.ok(backlog >= Math.min(system, 1024), `${backlog}`);
});

test('a kept listener takes its new settings for clients that come from then on', async (t) => {
  const under = new TableUnderTest(t);
  await under.listen(under.stream('a'), under.http('h'));
  const before = await under.connect('a');
  await waitFor('it is there', () => under.shared.counters.connections === 1);
  const { ino } = statSync(under.place('a'));
  await under.listen(under.stream('a', { replies: 'devices', mode: 0o666 }), under.http('h'));
  assert.equal(statSync(under.place('a')).ino, ino);
  assert.equal(statSync(under.place('a')).mode & 0o777, 0o666);
  assert.equal(under.logged('listening'), 2, 'those that stay are not logged again');
  const after = await under.connect('a');
  const named = '{"type":"request","request":{"id":"7"}}';
  for (const client of [before, after]) client.send(named);
  assert.equal((await before.replied(1))[0]!.id, undefined);
  assert.equal((await after.replied(1))[0]!.id, '7');
});

test('a path that changes its kind has a new listener, and an old one that cannot be had is no change', async (t) => {
  const under = new TableUnderTest(t);
  await under.listen(under.stream('a'));
  await assert.rejects(under.table.prepare([under.stream('new'), under.http('a')]), SocketPathRefused);
  assert.equal(existsSync(under.place('new')), false, 'what was opened is closed');
  const client = await under.connect('a');
  client.send('{}');
  assert.equal((await client.replied(1))[0]!.code, 'no_device');
});

test('a group cannot change while the socket is there', async (t) => {
  const under = new TableUnderTest(t);
  await under.listen(under.stream('a'));
  await assert.rejects(
    under.table.prepare([under.stream('a', { group: '0' })]),
    /^SocketPathRefused: Cannot change the group of ".*\/a": .* restart it to use "0"$/,
  );
});

test('a change that is given up leaves no socket, and ends who came', async (t) => {
  const under = new TableUnderTest(t);
  const change = await under.table.prepare([under.stream('a')]);
  const client = await under.connect('a');
  await waitFor('it is there', () => under.shared.counters.connections === 1);
  await under.table.abandon(change);
  assert.equal(existsSync(under.place('a')), false);
  await waitFor('it is closed', () => client.ended);
});
