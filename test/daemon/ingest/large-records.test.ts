import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Batch } from '../../../daemon/delivery/batch.ts';
import type { Lane } from '../../../daemon/delivery/lane.ts';
import { LargeRecords } from '../../../daemon/ingest/large-records.ts';
import type { RecordDoor } from '../../../daemon/ingest/record-door.ts';
import { replyLines } from '../../../daemon/ingest/replies.ts';
import { Formatter, type LineFormat } from '../../../format/formatter.ts';
import { type LargeMessage, LargeScan } from '../../../format/large-scan.ts';
import type { LargeScanner, LargeScannerEvents } from '../../../format/large-thread.ts';
import { defaultLineOptions, emptyRecordPolicy, type RecordPolicy } from '../../../format/line-options.ts';
import type { RenderedLines } from '../../../format/lines.ts';
import type { Replies } from '../../simulation/scenario.ts';
import { IngestUnderTest, record } from './ingest-under-test.ts';

/** A scanner that reports, or dies, when a test says so. */
class HandScanner implements LargeScanner {
  readonly events: LargeScannerEvents;
  readonly #scan = new LargeScan();
  asked: LargeMessage | null = null;
  ended = false;

  constructor(events: LargeScannerEvents) {
    this.events = events;
  }

  post(message: LargeMessage): void {
    if (message.kind === 'done') this.#scan.take(message);
    else this.asked = message;
  }

  end(): void {
    this.ended = true;
  }

  report(): void {
    const message = this.asked!;
    this.asked = null;
    this.events.onReport(this.#scan.take(message)!);
  }

  die(): void {
    this.asked = null;
    this.events.onDeath(new Error('planted'));
  }
}

/** A device that shows what it is given. */
class ShownLane {
  readonly path: string;
  readonly maxLineBytes = 1_000_000;
  readonly hasRoom = true;
  readonly state = 'ok';
  readonly format: LineFormat;
  readonly batches: Batch[] = [];
  readonly lines: string[] = [];

  constructor(path: string, formatter: Formatter, salt: string) {
    this.path = path;
    this.format = formatter.line(defaultLineOptions, salt);
  }

  get lane(): Lane {
    return this as unknown as Lane;
  }

  check(): void {}

  enqueue(batch: Batch, slot: number, { bytes }: RenderedLines): void {
    this.batches.push(batch);
    this.lines.push(...bytes.toString().split('\n').slice(0, -1));
    batch.settle(slot, 0, batch.count, 'recorded');
  }
}

class Client {
  readonly door: RecordDoor;
  readonly replies: { ok: boolean; code?: string; message?: string }[] = [];

  constructor(under: LargeUnderTest, replies: Replies = 'status') {
    this.door = under.daemon.openSession(
      replies,
      (told) => {
        for (const line of replyLines(told).toString().split('\n').slice(0, -1))
          this.replies.push(JSON.parse(line));
      },
      (error) => assert.fail(`${error}`),
    );
  }

  /** A record of the kind that is scanned elsewhere: its beginning first, and what follows in one read with its end. */
  sendLarge(text: string, following = ''): void {
    this.door.receive(Buffer.from(text.slice(0, -1)));
    this.door.receive(Buffer.from(`${text.slice(-1)}\n${following}`));
  }

  send(text: string): void {
    this.door.receive(Buffer.from(`${text}\n`));
  }

  get codes(): string[] {
    return this.replies.map(({ ok, code }) => (ok ? 'ok' : `${code}`));
  }
}

class LargeUnderTest extends IngestUnderTest {
  readonly formatter = new Formatter(emptyRecordPolicy);
  readonly scanners: HandScanner[] = [];
  readonly deaths: unknown[] = [];
  readonly large: LargeRecords;

  /** `workBytes`: 0 to have every record of which a part is held scanned elsewhere. */
  constructor(t: TestContext, workBytes = 0) {
    const bounds = { aloneBytes: 1, workBytes };
    super({ maxRecordBytes: 10_000 }, {}, bounds);
    this.large = new LargeRecords({
      formatter: this.formatter,
      broker: this.daemon.broker,
      clock: this.daemon.clock,
      bounds,
      start: (events) => {
        const scanner = new HandScanner(events);
        this.scanners.push(scanner);
        return scanner;
      },
      onDeath: (error) => this.deaths.push(error),
    });
    Object.assign(this.daemon.ingest, { large: this.large, formatter: this.formatter });
    t.after(() => assert.equal(this.world.violation, null));
  }

  get scanner(): HandScanner {
    return this.scanners.at(-1)!;
  }

  shown(path: string, salt = path): ShownLane {
    const lane = new ShownLane(path, this.formatter, salt);
    this.daemon.broker.add(lane.lane);
    return lane;
  }

  /** The line of a record with this secret for a device. */
  lineOf(secret: string, { format }: ShownLane): string {
    return `{"time":"","request":{"data":"${format.hash(secret)}"}}`;
  }
}

function recordWith(secret: string): string {
  return `{"time":"","request":{"data":"${secret}"}}`;
}

test('a small record of another client that is sent after a large one is answered before it', (t) => {
  const under = new LargeUnderTest(t);
  const lane = under.shown('a/');
  const [one, other] = [new Client(under), new Client(under)];
  one.sendLarge(recordWith('large'));
  assert.equal(one.door.scanning, true);
  other.send(recordWith('small'));
  assert.deepEqual([one.codes, other.codes], [[], ['ok']]);
  under.scanner.report();
  assert.equal(one.door.scanning, false);
  assert.deepEqual(one.codes, ['ok']);
  assert.deepEqual(lane.lines, [under.lineOf('small', lane), under.lineOf('large', lane)]);
});

test('no device gets a record before a large one that was sent before it on the same connection', (t) => {
  const under = new LargeUnderTest(t);
  const lane = under.shown('a/');
  const client = new Client(under);
  const { counters } = under.daemon;
  client.sendLarge(recordWith('1'), `${recordWith('2')}\nnonsense\n${recordWith('3')}\n`);
  client.sendLarge(recordWith('4'), `${recordWith('5')}\n`);
  client.send('x'.repeat(11_000));
  assert.deepEqual([client.codes, lane.lines], [[], []]);
  assert.equal(client.door.inFlightBytes, counters.bytesInFlight);
  assert.ok(counters.bytesInFlight > 5 * recordWith('1').length, 'what waits is counted');
  under.scanner.report();
  assert.deepEqual(client.codes, ['ok', 'ok', 'invalid_record', 'ok']);
  assert.equal(client.door.scanning, true);
  under.scanner.report();
  assert.deepEqual(client.codes.slice(4), ['ok', 'ok', 'too_large']);
  assert.deepEqual(
    lane.lines,
    ['1', '2', '3', '4', '5'].map((secret) => under.lineOf(secret, lane)),
  );
  assert.deepEqual([counters.bytesInFlight, client.door.inFlightBytes], [0, 0]);
  assert.equal(client.door.answered, true);
});

test('only a record that would take the event loop too long is scanned elsewhere, by its length and the devices', (t) => {
  const under = new LargeUnderTest(t, 250);
  const client = new Client(under);
  under.shown('a/');
  client.sendLarge(recordWith('x'.repeat(60)));
  assert.equal(under.scanners.length, 0);
  under.shown('b/');
  client.sendLarge(recordWith('x'.repeat(60)));
  assert.equal(under.scanners.length, 1);
  under.scanner.report();
  assert.deepEqual(client.codes, ['ok', 'ok']);
});

test('devices that are added, removed or get another salt meanwhile get what is right for them, or nothing', (t) => {
  const under = new LargeUnderTest(t);
  const [stays, leaves, changes] = [under.shown('a/'), under.shown('b/'), under.shown('c/', 'old')];
  const client = new Client(under);
  client.sendLarge(recordWith('s'));
  const added = under.shown('d/');
  under.daemon.broker.remove(leaves.lane);
  leaves.format.dispose();
  const changed = under.shown('c/', 'new');
  under.scanner.report();
  assert.deepEqual(client.codes, [], 'it is rendered again');
  under.scanner.report();
  assert.deepEqual(client.codes, ['ok']);
  for (const lane of [stays, added, changed]) assert.deepEqual(lane.lines, [under.lineOf('s', lane)]);
  for (const lane of [leaves, changes]) assert.deepEqual(lane.lines, []);
});

test('a device that has only left is no reason to render again', (t) => {
  const under = new LargeUnderTest(t);
  const [stays, leaves] = [under.shown('a/'), under.shown('b/')];
  const client = new Client(under);
  client.sendLarge(recordWith('s'));
  under.daemon.broker.remove(leaves.lane);
  under.scanner.report();
  assert.deepEqual([client.codes, stays.lines.length, leaves.lines.length], [['ok'], 1, 0]);
});

test('a record is rendered by the policy that is in force when the devices get it', (t) => {
  const under = new LargeUnderTest(t);
  const lane = under.shown('a/');
  const client = new Client(under);
  const policy: RecordPolicy = { ...emptyRecordPolicy, clearFields: ['request.data'] };
  client.sendLarge(recordWith('s'));
  under.formatter.setPolicy(policy);
  under.scanner.report();
  // The same once more, as with a reload that changes nothing.
  under.formatter.setPolicy({ ...policy });
  under.scanner.report();
  assert.deepEqual(client.codes, ['ok']);
  assert.deepEqual(lane.lines, [recordWith('s')]);
});

test('a record whose devices change each time is refused in the end, and is in none', (t) => {
  const under = new LargeUnderTest(t);
  const client = new Client(under);
  client.sendLarge(recordWith('s'));
  const lanes: ShownLane[] = [];
  for (let times = 0; client.codes.length === 0; times++) {
    assert.ok(times < 10);
    lanes.push(under.shown(`${times}/`));
    under.scanner.report();
  }
  assert.deepEqual(client.codes, ['not_recorded']);
  assert.match(
    `${client.replies[0]!.message}`,
    /changed each time the record was formatted: send it again later/,
  );
  for (const { lines } of lanes) assert.deepEqual(lines, []);
  client.sendLarge(recordWith('t'));
  under.scanner.report();
  assert.deepEqual(client.codes, ['not_recorded', 'ok']);
});

test('a record that is invalid, not audited or without a device is answered as any other', (t) => {
  const under = new LargeUnderTest(t);
  const client = new Client(under, 'devices');
  under.formatter.setPolicy({ ...emptyRecordPolicy, unauditedPaths: ['sys/health'] });
  for (const text of ['{"a":1', record(1, 'sys/health'), record(2)]) {
    client.sendLarge(text);
    under.scanner.report();
  }
  assert.deepEqual(client.codes, ['invalid_record', 'ok', 'no_device']);
  assert.equal(client.replies[0]!.message, 'record ends too early at byte 6');
  assert.deepEqual(client.replies[2], {
    ok: false,
    code: 'no_device',
    message: 'no device is enabled',
    id: 'r2',
    type: 'request',
    devices: {},
  });
});

test('the time of a device begins when it is given the record', async (t) => {
  const under = new LargeUnderTest(t);
  under.device('a/', 1_000).setTrouble('hang');
  const client = new Client(under);
  client.sendLarge(record(1));
  await under.pass(5_000);
  under.scanner.report();
  await under.pass(900);
  assert.deepEqual(client.codes, []);
  await under.pass(200);
  assert.deepEqual(client.codes, ['not_recorded']);
});

test('a thread that dies is told of once, its record is refused, and the next goes to a new one', (t) => {
  const under = new LargeUnderTest(t);
  const lane = under.shown('a/');
  const client = new Client(under);
  client.sendLarge(recordWith('1'), `${recordWith('2')}\n`);
  const other = new Client(under);
  other.sendLarge(recordWith('3'));
  under.scanner.die();
  assert.deepEqual(client.codes, ['not_recorded', 'ok']);
  assert.match(`${client.replies[0]!.message}`, /could not be formatted: send it again/);
  assert.equal(under.scanners.length, 2);
  under.scanner.die();
  assert.deepEqual([other.codes, under.deaths.length], [['not_recorded'], 1]);
  other.sendLarge(recordWith('4'));
  under.scanner.report();
  assert.deepEqual(other.codes, ['not_recorded', 'ok']);
  assert.equal(under.daemon.counters.refused.not_recorded, 2);
  assert.equal(under.daemon.counters.bytesInFlight, 0);
  assert.deepEqual(
    lane.lines,
    ['2', '4'].map((secret) => under.lineOf(secret, lane)),
  );
  other.sendLarge(recordWith('5'));
  under.scanner.die();
  assert.equal(under.deaths.length, 2, 'told again, after it has worked');
});

test('a thread that cannot be started or asked refuses the record, and the connection goes on', (t) => {
  const under = new LargeUnderTest(t);
  under.shown('a/');
  const client = new Client(under);
  client.sendLarge(recordWith('1'));
  under.scanner.report();
  under.scanner.post = () => {
    throw new Error('planted');
  };
  client.sendLarge(recordWith('2'));
  assert.deepEqual([client.codes, under.scanner.ended], [['ok', 'not_recorded'], true]);
  client.sendLarge(recordWith('3'));
  under.scanner.report();
  assert.deepEqual(client.codes, ['ok', 'not_recorded', 'ok']);
});

test('one record at a time: a small one goes before a larger one that came a little earlier, not long before', async (t) => {
  const under = new LargeUnderTest(t);
  const lane = under.shown('a/');
  const secrets = ['first', 'l'.repeat(9_000), 'small'];
  for (const secret of secrets) new Client(under).sendLarge(recordWith(secret));
  // 9,000 bytes are worth half a millisecond.
  await under.pass(1);
  new Client(under).sendLarge(recordWith('late'));
  for (const _ of [...secrets, 'late']) under.scanner.report();
  assert.equal(under.scanners.length, 1);
  assert.deepEqual(
    lane.lines,
    ['first', 'small', 'l'.repeat(9_000), 'late'].map((secret) => under.lineOf(secret, lane)),
  );
});

test('there is no thread until it is wanted, and none when nothing was wanted for a while', async (t) => {
  const under = new LargeUnderTest(t);
  under.shown('a/');
  const client = new Client(under);
  client.send(recordWith('1'));
  assert.equal(under.scanners.length, 0);
  for (let times = 0; times < 3; times++) {
    client.sendLarge(recordWith('2'));
    await under.pass(3_000);
    assert.equal(under.scanner.ended, false, 'not while it works, however long');
    under.scanner.report();
    await under.pass(1_500);
  }
  assert.equal(under.scanners.length, 1);
  await under.pass(1_000);
  assert.equal(under.scanner.ended, true);
  client.sendLarge(recordWith('3'));
  under.scanner.report();
  assert.deepEqual([under.scanners.length, client.codes.length], [2, 5]);
});

test('a stop waits for records that were read before it, and takes none after it', async (t) => {
  const under = new LargeUnderTest(t);
  const lane = under.shown('a/');
  const [one, other] = [new Client(under), new Client(under)];
  one.sendLarge(recordWith('1'), `${recordWith('2')}\n`);
  other.sendLarge(recordWith('3'));
  under.daemon.broker.stop();
  const ended = under.large.end(1_000);
  one.sendLarge(recordWith('4'));
  under.scanner.report();
  under.scanner.report();
  await ended;
  assert.deepEqual([one.codes, other.codes], [['ok', 'ok', 'stopping'], ['ok']]);
  assert.equal(under.scanner.ended, true);
  one.sendLarge(recordWith('5'));
  assert.deepEqual(one.codes.slice(3), ['stopping']);
  assert.deepEqual(lane.lines.length, 3);
});

test('what a stop has no time for is answered', async (t) => {
  const under = new LargeUnderTest(t);
  const lane = under.shown('a/');
  const clients = [new Client(under), new Client(under)];
  for (const client of clients) client.sendLarge(recordWith('1'));
  let ended = false;
  under.daemon.broker.stop();
  const ending = under.large.end(1_000).then(() => {
    ended = true;
  });
  await under.pass(900);
  assert.deepEqual([ended, clients[0]!.codes], [false, []]);
  await under.pass(200);
  await ending;
  for (const { codes } of clients) assert.deepEqual(codes, ['stopping']);
  assert.deepEqual([lane.lines, under.scanner.ended, under.daemon.counters.bytesInFlight], [[], true, 0]);
});

test('what a sender that reads no replies has sent is taken while the daemon stops', async (t) => {
  const under = new LargeUnderTest(t);
  const lane = under.shown('a/');
  const client = new Client(under, 'none');
  under.daemon.broker.stop();
  client.sendLarge(recordWith('1'));
  const ended = under.large.end(1_000);
  under.scanner.report();
  await ended;
  assert.equal(lane.lines.length, 1);
});
