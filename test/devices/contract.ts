import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Device, DeviceFailure, WriteOutcome } from '../../devices/device.ts';
import type { OptionTexts } from '../../devices/device-kind.ts';
import { waitFor } from '../support/wait-for.ts';
import { linesOf, recordText, recordTexts } from './batches.ts';
import { LaneStandIn } from './lane-stand-in.ts';

/** A device of one kind and the real peer it writes to. */
export interface Subject {
  readonly type: string;
  readonly options: OptionTexts;
  /** Takes the place of the device that type and options make. */
  readonly device?: Device;
  /** The lines the peer has, whole ones only. */
  received(): readonly string[];
  /** The peer goes away with everything it has open. */
  stop(): Promise<void>;
  /** The peer is back at the same address. */
  start(): Promise<void>;
  /** The peer stops reading. */
  pause(): void;
  resume(): void;
}

/** What of the contract a destination can be tried with. */
export interface ContractTraits {
  /** It can go away and come back. */
  readonly restarts: boolean;
  /** What to install, where the peer is missing. */
  readonly skip?: string | false;
  /** It can stop reading; `disconnects`: and a write given up meanwhile ends the connection. */
  readonly stalls: 'never' | 'disconnects' | 'waits';
  /** It has a limit for one line: the bytes of a line within and of one beyond it. */
  readonly limit?: { readonly fitting: number; readonly tooLong: number };
}

/** What every kind of device keeps to (the rules on `Device`). */
export function deviceContract(
  name: string,
  make: (test: TestContext) => Promise<Subject>,
  traits: ContractTraits,
): void {
  describe(`the device contract: ${name}`, { skip: traits.skip ?? false }, () => {
    test('one line, many lines and a mebibyte of lines arrive whole and in order', async (context) => {
      const { subject, lane } = await prepared(context, make);
      const texts = [recordText(0, 200), ...recordTexts(1, 100, 300), ...recordTexts(101, 1024, 1024)];
      await lane.open();
      await lane.open();
      const signal = new AbortController().signal;
      for (const [from, to] of [[0, 1] as const, [1, 101] as const, [101, 1125] as const]) {
        const outcome = await lane.write(linesOf(texts.slice(from, to)), signal);
        assert.deepEqual(outcome, { settled: to - from, refused: [], failure: null });
      }
      await waitFor('the peer has every line', () => subject.received().length >= texts.length);
      assert.deepEqual(subject.received(), texts);
      assert.deepEqual(lane.lost, []);
    });

    test('a reopened device goes on', async (context) => {
      const { subject, lane } = await prepared(context, make);
      await lane.deliver(linesOf(recordTexts(0, 3, 100)));
      await lane.device.reopen(new AbortController().signal);
      await lane.deliver(linesOf(recordTexts(3, 3, 100)));
      await waitFor('the peer has every line', () => subject.received().length >= 6);
      assert.deepEqual([...subject.received()].sort(), recordTexts(0, 6, 100));
    });

    test('a write whose signal is aborted already sends nothing and says so', async (context) => {
      const { subject, lane } = await prepared(context, make);
      await lane.open();
      const outcome = await lane.write(linesOf(recordTexts(0, 2, 100)), AbortSignal.abort());
      assert.equal(outcome.settled, 0);
      assert.equal(outcome.failure?.reason, 'aborted');
      await lane.deliver(linesOf(recordTexts(2, 1, 100)));
      await waitFor('the peer has a line', () => subject.received().length > 0);
      assert.deepEqual(subject.received(), recordTexts(2, 1, 100));
    });

    if (traits.limit !== undefined) {
      const { limit } = traits;
      test('a line that is too large is refused alone', async (context) => {
        const { subject, lane } = await prepared(context, make);
        await lane.open();
        const fitting = recordText(2, limit.fitting);
        const tooLong = recordText(1, limit.tooLong);
        const texts = [recordText(0, 100), tooLong, fitting, tooLong, recordText(4, 100)];
        const outcome = await lane.write(linesOf(texts));
        assert.deepEqual(outcome, { settled: 5, refused: [1, 3], failure: null });
        await waitFor('the peer has the others', () => subject.received().length >= 3);
        assert.deepEqual(subject.received(), [texts[0], fitting, texts[4]]);
        const none = await lane.write(linesOf([tooLong, tooLong]));
        assert.deepEqual(none, { settled: 2, refused: [0, 1], failure: null });
      });
    }

    if (traits.restarts) peerContract(make);
    if (traits.stalls !== 'never') stallContract(make, traits.stalls);
  });
}

function peerContract(make: (test: TestContext) => Promise<Subject>): void {
  test('after the peer went away and came back, lines arrive whole', async (context) => {
    const { subject, lane } = await prepared(context, make);
    await lane.deliver(linesOf(recordTexts(0, 5, 200)));
    await waitFor('the first lines are there', () => subject.received().length === 5);
    await subject.stop();
    const failure = await failureOfWrites(lane);
    assert.ok(!failure.permanent);
    await subject.start();
    await lane.deliver(linesOf(recordTexts(100, 50, 200)));
    await waitFor('the last line is there', () => subject.received().includes(recordText(149, 200)));
    const later = subject
      .received()
      .slice(5)
      .filter((text) => !text.includes('"number":99,'));
    assert.deepEqual(later, recordTexts(100, 50, 200));
  });

  test('a peer that is not there yet is a failure that passes', async (context) => {
    const { subject, lane } = await prepared(context, make);
    await subject.stop();
    const failure = await failureOfWrites(lane);
    assert.ok(!failure.permanent, failure.message);
    assert.match(failure.message, /^Cannot .*"/);
    await subject.start();
    await lane.deliver(linesOf(recordTexts(0, 3, 100)));
    await waitFor('the lines are there', () => subject.received().length >= 3);
    assert.deepEqual(subject.received().slice(-3), recordTexts(0, 3, 100));
  });
}

function stallContract(
  make: (test: TestContext) => Promise<Subject>,
  onAbort: 'disconnects' | 'waits',
): void {
  test('a write to a peer that stops reading waits, and goes on where it was', async (context) => {
    const { subject, lane } = await prepared(context, make);
    const { texts, stalled } = await fillUntilStalled(subject, lane);
    subject.resume();
    const outcome = await stalled.outcome;
    assert.equal(outcome.failure, null);
    await waitFor('the peer has every line', () => subject.received().length >= texts.length);
    assert.deepEqual(subject.received(), texts);
    assert.deepEqual(lane.lost, []);
  });

  test('a write that is given up settles, and the next line arrives whole', async (context) => {
    const { subject, lane } = await prepared(context, make);
    const { texts, stalled } = await fillUntilStalled(subject, lane);
    stalled.controller.abort();
    const outcome = await stalled.outcome;
    assert.equal(outcome.failure?.reason, 'aborted');
    // What earlier writes left in the buffers of a connection that is torn down may be gone: the lane is told.
    assert.deepEqual(
      lane.lost.map(({ scope }) => scope),
      onAbort === 'disconnects' ? ['all'] : [],
    );
    subject.resume();
    const last = recordText(1_000_000, 100);
    await lane.deliver(linesOf([last]));
    await waitFor('the peer has the last line', () => subject.received().includes(last));
    const known = new Set([...texts, last]);
    assert.ok(subject.received().every((text) => known.has(text)));
  });

  test('closing is prompt while a write hangs', async (context) => {
    const { subject, lane } = await prepared(context, make);
    const { stalled } = await fillUntilStalled(subject, lane);
    stalled.controller.abort();
    await lane.device.close(AbortSignal.abort());
    assert.equal((await stalled.outcome).failure?.reason, 'aborted');
  });
}

async function prepared(
  context: TestContext,
  make: (test: TestContext) => Promise<Subject>,
): Promise<{ subject: Subject; lane: LaneStandIn }> {
  const subject = await make(context);
  return { subject, lane: new LaneStandIn(context, subject.type, subject.options, subject.device) };
}

/** What pipes, pairs of sockets, queues of datagrams and Node's streams hold, many times over. */
const otherBuffers = 4 * 1024 * 1024;

interface StalledWrite {
  readonly controller: AbortController;
  readonly outcome: Promise<WriteOutcome>;
}

/** Writes to a peer that does not read: more than all that lies between the two can hold, so it stays unanswered. */
async function fillUntilStalled(
  subject: Subject,
  lane: LaneStandIn,
): Promise<{ texts: string[]; stalled: StalledWrite }> {
  await lane.open();
  // The first line is read: a connection that has never been accepted would be another case.
  await lane.deliver(linesOf([recordText(0, 1000)]));
  await waitFor('the peer reads', () => subject.received().length === 1);
  subject.pause();
  const batch = recordTexts(1, Math.ceil((lane.device.tailBytes + otherBuffers) / 10_000), 10_000);
  const controller = new AbortController();
  let answered = false;
  const outcome = lane.write(linesOf(batch), controller.signal).finally(() => {
    answered = true;
  });
  // In between, what can move does.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answered, false);
  return { texts: [recordText(0, 1000), ...batch], stalled: { controller, outcome } };
}

/** Opens and writes until one of the two fails, as it must with the peer gone. */
async function failureOfWrites(lane: LaneStandIn): Promise<DeviceFailure> {
  const before = lane.failures.length;
  await waitFor('a write fails', async () => {
    try {
      await lane.open();
      await lane.write(linesOf([recordText(99, 100)]));
    } catch {}
    return lane.failures.length > before;
  });
  return lane.failures.at(-1)!;
}
