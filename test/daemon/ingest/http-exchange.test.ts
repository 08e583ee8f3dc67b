import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { HttpAnswer } from '../../../daemon/http/http-routes.ts';
import { HttpExchange, maxRequestRecords } from '../../../daemon/ingest/http-exchange.ts';
import type { Life } from '../../simulation/scenario.ts';
import { waitFor } from '../../support/wait-for.ts';
import { idleReader } from './idle-reader.ts';
import { IngestUnderTest, record } from './ingest-under-test.ts';

const one = `${record(1)}\n`;

/** The exchange for a request whose body the test writes. */
class ExchangeUnderTest extends IngestUnderTest {
  readonly body: PassThrough = new PassThrough();
  exchange: HttpExchange | null = null;
  answer: HttpAnswer | null = null;

  constructor(limits: Partial<Life['limits']> = {}) {
    super(limits);
    void HttpExchange.run(
      this.body as unknown as IncomingMessage,
      { headers: 'apply' },
      this.daemon.ingest,
      this.daemon.together,
      (begun) => {
        this.exchange = begun;
      },
    ).then((answer) => {
      this.answer = answer;
    });
  }

  get read(): number {
    return this.daemon.counters.bytes;
  }

  async send(text: string): Promise<void> {
    const before = this.read;
    this.body.write(text);
    await waitFor('the chunk is read', () => this.read > before);
  }

  async answered(): Promise<{ status: number; errors: string[]; codes: string[] }> {
    await waitFor('the answer is there', async () => {
      await this.pass(0);
      return this.answer !== null;
    });
    const { status, body } = this.answer!;
    const { errors, replies = [] } = body === '' ? { errors: [] } : JSON.parse(`${body}`);
    return { status, errors, codes: replies.map((reply: { code?: string }) => reply.code ?? 'ok') };
  }
}

test('bytes in flight hold the body back from the bound on', async () => {
  for (const [bound, waits] of [
    [one.length, true],
    [one.length + 1, false],
  ] as const) {
    const under = new ExchangeUnderTest({ connectionBytes: bound });
    under.device('a/').setTrouble('hang');
    await under.send(one);
    assert.equal(under.body.isPaused(), waits, `${bound}`);
    assert.equal(under.exchange!.bytes, one.length);
    await under.pass(1_100);
    assert.equal(under.body.isPaused(), false);
    under.body.end();
    assert.deepEqual((await under.answered()).codes, ['not_recorded']);
  }
});

test('the memory of all holds the body back, and the exchange gives back what it had', async () => {
  const under = new ExchangeUnderTest({ totalBytes: one.length });
  under.device('a/').setTrouble('hang');
  await under.send(one);
  assert.equal(under.body.isPaused(), true);
  await under.pass(1_200);
  assert.equal(under.body.isPaused(), false);
  under.body.end();
  await under.answered();
  const { memory } = under.daemon.together;
  const large = { ...idleReader, bytes: one.length, inFlightBytes: one.length };
  const small = { ...idleReader, bytes: Math.floor(one.length / 2) - 1 };
  memory.join(large);
  memory.join(small);
  assert.equal(memory.mayRead(small), true, 'less than half, of two');
});

/** Answered ok, and written nowhere. */
const unaudited = '{"request":{"path":"sys/health"}}';

test('as many records as one request may have are taken, and one more is one too many', async () => {
  for (const [records, last, status] of [
    [maxRequestRecords, '', 204],
    [maxRequestRecords, '\r\n\n', 204],
    [maxRequestRecords - 1, unaudited, 204],
    [maxRequestRecords, unaudited, 413],
    [maxRequestRecords + 1, '', 413],
  ] as const) {
    const under = new ExchangeUnderTest();
    under.body.write(`${unaudited}\n`.repeat(records));
    under.body.end(last);
    assert.equal((await under.answered()).status, status, `${records} and "${last}"`);
  }
});

test('behind too many records nothing is taken, and all that was is answered', async () => {
  const under = new ExchangeUnderTest();
  under.device('a/');
  await under.send('{}x\n'.repeat(maxRequestRecords + 1));
  await waitFor('too much is read', async () => {
    await under.pass(0);
    return under.daemon.counters.received > maxRequestRecords;
  });
  const { received } = under.daemon.counters;
  await under.send(one);
  under.body.end('{}');
  const { status, errors, codes } = await under.answered();
  assert.equal(status, 413);
  assert.match(errors[0]!, /more than 65536 records/);
  assert.equal(codes.length, received);
  assert.equal(under.daemon.counters.received, received);
});

test('a cut answers what was read once it is certain, and takes nothing more', async () => {
  const under = new ExchangeUnderTest();
  under.device('a/', 300).setTrouble('hang');
  await under.send(`${one}{"half`);
  under.exchange!.cut();
  await under.send(one);
  await under.pass(250);
  assert.equal(under.answer, null);
  await under.pass(100);
  const { status, errors, codes } = await under.answered();
  assert.equal(status, 503);
  assert.match(errors[0]!, /stopping/);
  assert.deepEqual(codes, ['not_recorded']);
  assert.equal(under.daemon.counters.received, 1);
});

test('a cut of a body that waits reads it to its end', async () => {
  const under = new ExchangeUnderTest({ connectionBytes: 1 });
  under.device('a/', 300).setTrouble('hang');
  await under.send(one);
  assert.equal(under.body.isPaused(), true);
  under.exchange!.cut();
  assert.equal(under.body.isPaused(), false);
  under.body.end(one);
  await once(under.body, 'end');
  await under.pass(350);
  assert.deepEqual((await under.answered()).codes, ['not_recorded']);
});

test('a body that was read is cut no more', async () => {
  const under = new ExchangeUnderTest();
  under.device('a/', 300).setTrouble('hang');
  under.body.end(one);
  await once(under.body, 'end');
  under.exchange!.cut();
  await under.pass(350);
  assert.deepEqual((await under.answered()).errors.length, 1);
  assert.doesNotMatch((await under.answered()).errors[0]!, /stopping/);
});

test('a client that breaks off leaves its whole records to the devices, and nothing in memory', async () => {
  const under = new ExchangeUnderTest({ connectionBytes: 1 });
  const destination = under.device('a/');
  destination.setTrouble('hang');
  await under.send(`${one}${record(2)}`);
  assert.equal(under.body.isPaused(), true);
  const unread = Buffer.from('s.secret');
  under.body.write(unread);
  await waitFor('it waits unread', () => under.body.readableLength === unread.length);
  under.body.destroy();
  await once(under.body, 'close');
  assert.equal((await under.answered()).status, 400);
  assert.ok(unread.equals(Buffer.alloc(unread.length)), 'what nobody has read is wiped');
  assert.equal(under.exchange!.bytes, one.length, 'the unfinished record is gone');
  destination.setTrouble('none');
  await under.pass(50);
  assert.deepEqual(destination.log, [1]);
  assert.equal(under.exchange!.bytes, 0);
});

test('a throw ends the body it is about, answered 500, and gives back what was counted for it', async () => {
  const under = new ExchangeUnderTest();
  under.device('a/').setTrouble('hang');
  const heard: string[] = [];
  Object.assign(under.daemon.ingest, { onDefect: (error: unknown) => heard.push(`${error}`) });
  under.daemon.broker.explain = () => {
    throw new RangeError('s.secret');
  };
  await under.send(one);
  await under.pass(1_200);
  assert.deepEqual(await under.answered(), { status: 500, errors: ['internal error'], codes: [] });
  assert.deepEqual(heard, ['RangeError: s.secret']);
  assert.equal(under.daemon.counters.bytesInFlight, 0);
  assert.equal(under.exchange!.bytes, 0);
  const late = Buffer.from(one);
  under.body.write(late);
  await waitFor('what still comes is read past and wiped', () => late.every((byte) => byte === 0));
});
