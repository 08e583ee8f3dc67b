import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IngestCounters } from '../../../daemon/ingest/ingest-counters.ts';
import type { RecordDoor } from '../../../daemon/ingest/record-door.ts';
import { replyLines } from '../../../daemon/ingest/replies.ts';
import type { Replies } from '../../simulation/scenario.ts';
import { IngestUnderTest, record } from './ingest-under-test.ts';

interface Reply {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly id?: string;
  readonly type?: string;
  readonly devices?: Readonly<Record<string, string>>;
}

/** A session in front of devices on a virtual clock. */
class SessionUnderTest extends IngestUnderTest {
  readonly replies: Reply[] = [];
  readonly session: RecordDoor;
  tellings = 0;

  constructor(replies: Replies = 'status') {
    super();
    this.session = this.daemon.openSession(
      replies,
      (told) => {
        this.tellings++;
        const lines = replyLines(told).toString().split('\n');
        assert.equal(lines.pop(), '');
        this.replies.push(...lines.map((line): Reply => JSON.parse(line)));
      },
      (error) => assert.fail(`${error}`),
    );
  }

  get counters(): IngestCounters {
    return this.daemon.counters;
  }

  receive(text: string): void {
    this.session.receive(Buffer.from(text));
  }

  get codes(): string[] {
    return this.replies.map((reply) => (reply.ok ? 'ok' : `${reply.code}`));
  }
}

test('each record gets one reply, in order, whatever is wrong with its neighbours', async () => {
  const under = new SessionUnderTest();
  const destination = under.device('a/');
  const first = `${record(0)}\n\n{"type"\n${record(1)}\r\n${'x'.repeat(400)}\n${record(2, 'sys/health')}\n`;
  const second = `${record(3)}\n`;
  const sent = first.length + second.length;
  under.receive(first);
  under.receive(second);
  await under.pass(20);
  assert.deepEqual(under.codes, ['ok', 'invalid_record', 'ok', 'too_large', 'ok', 'ok']);
  assert.deepEqual(destination.log, [0, 1, 3], 'a path that is not audited is written nowhere');
  assert.equal(under.counters.received, 6);
  assert.equal(under.counters.bytes, sent);
  assert.equal(under.counters.ok, 4);
  assert.equal(under.counters.unaudited, 1);
  assert.deepEqual(under.counters.levels, { none: 0, metadata: 0, request: 0, full: 3 });
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
    overloaded: 0,
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

test('what is in flight is counted from the chunk until its replies are due, and empty lines are not', async () => {
  const under = new SessionUnderTest();
  const { session, counters } = under;
  under.device('a/').setTrouble('hang');
  assert.equal(session.answered, true);
  const first = `${record(0)}\n`;
  const second = `${record(1)}\n${record(2)}\n`;
  under.receive(first);
  under.receive('\n\r\n\n');
  under.receive(second);
  assert.equal(session.inFlightBytes, first.length + second.length);
  assert.equal(session.inFlightRecords, 3);
  assert.equal(counters.bytesInFlight, first.length + second.length);
  assert.equal(session.answered, false);
  await under.pass(1_100);
  assert.deepEqual(under.codes, ['not_recorded', 'not_recorded', 'not_recorded']);
  assert.equal(session.inFlightBytes, 0);
  assert.equal(session.inFlightRecords, 0);
  assert.equal(counters.bytesInFlight, 0);
  assert.equal(session.answered, true);
});

test('a session that takes no more wipes what comes, and answers what was read', async () => {
  const under = new SessionUnderTest();
  const destination = under.device('a/');
  under.receive(`${record(0)}\n`);
  under.session.discard();
  const late = Buffer.from(`${record(1)}\n`);
  under.session.receive(late);
  under.session.end();
  await under.pass(20);
  assert.ok(late.equals(Buffer.alloc(late.length)));
  assert.deepEqual(destination.log, [0]);
  assert.deepEqual(under.codes, ['ok']);
});

test('a batch of which some are refused has each counted once, by what became of it', async () => {
  const under = new SessionUnderTest();
  under.receive(`${record(0)}\nnonsense\n${record(1, 'sys/health')}\n${record(2)}\n`);
  assert.deepEqual(under.codes, ['no_device', 'invalid_record', 'ok', 'no_device']);
  const { received, ok, unaudited, refused } = under.counters;
  assert.deepEqual([received, ok, unaudited], [4, 1, 1]);
  assert.deepEqual([refused.no_device, refused.invalid_record], [2, 1]);
});
