import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordDoor } from '../../../daemon/ingest/client-connection.ts';
import type { IngestCounters } from '../../../daemon/ingest/ingest-counters.ts';
import { replyLines } from '../../../daemon/ingest/replies.ts';
import { Destination } from '../../simulation/destination.ts';
import { noSabotage } from '../../simulation/sabotage.ts';
import type { Life, Replies } from '../../simulation/scenario.ts';
import { SimulatedDaemon } from '../../simulation/simulated-daemon.ts';
import { runTimers } from '../../simulation/virtual-clock.ts';
import { World } from '../../simulation/world.ts';

const life: Life = {
  requirement: { kind: 'any' },
  devices: [],
  clients: [],
  changes: [],
  faultsEndAt: 0,
  ending: 'calm',
  endsAt: 0,
  steady: null,
  limits: { maxRecordBytes: 300, connectionBytes: 1_000_000, totalBytes: 1_000_000 },
  bounds: { records: 1_000, unreadBytes: 1_000_000, silentBytes: 1_000_000 },
};

interface Reply {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly id?: string;
  readonly type?: string;
  readonly devices?: Readonly<Record<string, string>>;
}

/** A session in front of devices on a virtual clock. */
class SessionUnderTest {
  readonly world: World = new World(1, false);
  readonly daemon: SimulatedDaemon = new SimulatedDaemon(this.world, life, noSabotage);
  readonly replies: Reply[] = [];
  readonly session: RecordDoor;
  tellings = 0;

  constructor(replies: Replies = 'status') {
    this.session = this.daemon.openSession(replies, (told) => {
      this.tellings++;
      const lines = replyLines(told).toString().split('\n');
      assert.equal(lines.pop(), '');
      this.replies.push(...lines.map((line): Reply => JSON.parse(line)));
    });
  }

  get counters(): IngestCounters {
    return this.daemon.counters;
  }

  device(path: string, writeTimeoutMs = 1_000): Destination {
    const settings = {
      path,
      transport: 'file',
      bufferBytes: 0,
      wireMs: 0,
      maxLineBytes: Number.POSITIVE_INFINITY,
      latencyMs: 1,
    } as const;
    const destination = new Destination(this.world, settings);
    const lane = { writeTimeoutMs, queueBytes: 100_000, skipTest: true };
    this.daemon.enable({ destination: settings, lane, faults: [] }, destination);
    return destination;
  }

  receive(text: string): void {
    this.session.receive(Buffer.from(text));
  }

  async pass(ms: number): Promise<void> {
    let reached = false;
    this.world.after(ms, () => {
      reached = true;
    });
    await runTimers(this.world.clock, () => reached);
  }

  get codes(): string[] {
    return this.replies.map((reply) => (reply.ok ? 'ok' : `${reply.code}`));
  }
}

function record(number: number, path = 'secret/a'): string {
  return `{"type":"request","request":{"id":"r${number}","path":"${path}"}}`;
}

test('each record gets one reply, in order, whatever is wrong with its neighbours', async () => {
  const under = new SessionUnderTest();
  const destination = under.device('a/');
  under.receive(`${record(0)}\n\n{"type"\n${record(1)}\r\n${'x'.repeat(400)}\n${record(2, 'sys/health')}\n`);
  under.receive(`${record(3)}\n`);
  await under.pass(20);
  assert.deepEqual(under.codes, ['ok', 'invalid_record', 'ok', 'too_large', 'ok', 'ok']);
  assert.deepEqual(destination.log, [0, 1, 3], 'a path that is not audited is written nowhere');
  assert.equal(under.counters.received, 6);
  assert.equal(under.counters.ok, 4);
  assert.equal(under.counters.unaudited, 1);
  assert.equal(under.counters.refused.invalid_record, 1);
  assert.equal(under.counters.refused.too_large, 1);
  assert.equal(under.counters.bytesInFlight, 0);
});

test('a reply that is certain waits for those before it', async () => {
  const under = new SessionUnderTest();
  under.device('a/').setTrouble('hang');
  under.receive(`${record(0)}\n`);
  under.receive('nonsense\n');
  await under.pass(900);
  assert.deepEqual(under.codes, []);
  await under.pass(200);
  assert.deepEqual(under.codes, ['not_recorded', 'invalid_record']);
  assert.equal(under.tellings, 1, 'what is due at once is told at once');
});

test('an unfinished record is answered when it ends, be it with the input', async () => {
  const under = new SessionUnderTest();
  const destination = under.device('a/');
  const text = record(0);
  under.receive(text.slice(0, 20));
  await under.pass(20);
  assert.equal(under.session.heldBytes, 20);
  assert.deepEqual(under.codes, []);
  under.receive(text.slice(20));
  under.session.end();
  await under.pass(20);
  assert.deepEqual(under.codes, ['ok']);
  assert.deepEqual(destination.log, [0]);
});

test('a sender that is gone leaves what was whole to the devices and nothing else', async () => {
  const under = new SessionUnderTest();
  const destination = under.device('a/');
  under.receive(`${record(0)}\n${record(1).slice(0, 30)}`);
  under.session.discard();
  await under.pass(20);
  assert.deepEqual(destination.log, [0]);
  assert.equal(under.session.heldBytes, 0);
});

test('a listener that names devices answers when each has its outcome', async () => {
  const under = new SessionUnderTest('devices');
  under.device('a/');
  under.device('b/', 500).setTrouble('hang');
  under.receive(`${record(0)}\nnonsense\n${record(1, 'sys/health')}\n`);
  await under.pass(400);
  assert.equal(under.replies.length, 0);
  await under.pass(200);
  const [first, second, third] = under.replies;
  assert.deepEqual(first, {
    ok: true,
    id: 'r0',
    type: 'request',
    devices: { 'a/': 'recorded', 'b/': 'late' },
  });
  assert.equal(second?.code, 'invalid_record');
  assert.deepEqual(third, { ok: true, id: 'r1', type: 'request', devices: {} });
});

test('without a device, and while stopping, records are refused at once', () => {
  const under = new SessionUnderTest();
  under.receive(`${record(0)}\n`);
  assert.deepEqual(under.codes, ['no_device']);
  under.device('a/');
  under.daemon.broker.stop();
  under.receive(`${record(1)}\n{}x\n`);
  assert.deepEqual(under.codes, ['no_device', 'stopping', 'invalid_record']);
  assert.deepEqual(under.counters.refused, {
    invalid_record: 1,
    too_large: 0,
    not_recorded: 0,
    no_device: 1,
    stopping: 1,
  });
});

test('a reply names the devices in trouble and quotes nothing of the record', async () => {
  const under = new SessionUnderTest();
  under.device('a/').setTrouble('refusing');
  under.receive(`{"type":"request","auth":{"client_token":"s.plain-secret"}}\n{"token":"s.plain-secret"]\n`);
  await under.pass(2_000);
  assert.deepEqual(under.codes, ['not_recorded', 'invalid_record']);
  assert.equal(
    under.replies[0]?.message,
    'no required device recorded it in time: a/ is failing (permission)',
  );
  assert.match(`${under.replies[1]?.message}`, / at byte \d+$/);
  assert.equal(JSON.stringify(under.replies).includes('plain-secret'), false);
});

test('the chunk is wiped once it is read', () => {
  const under = new SessionUnderTest();
  const chunk = Buffer.from(`${record(0)}\n${record(1).slice(0, 10)}`);
  under.session.receive(chunk);
  assert.ok(chunk.equals(Buffer.alloc(chunk.length)));
});
