import assert from 'node:assert/strict';
import { Client } from '../../client/client.ts';
import { settingsOf } from '../../client/options.ts';
import type { Verdict } from '../../client/verdict.ts';
import { Random } from '../simulation/random.ts';
import { runTimers, VirtualClock } from '../simulation/virtual-clock.ts';
import { conditions, graceMs, SimulatedSidecar } from './simulated-sidecar.ts';

const deadlineMs = 200;

/** The longest wait between two attempts to connect, and what a connection takes. */
const longestWaitMs = 2010;

interface Call {
  readonly at: number;
  verdict: Verdict | null;
  settledAt: number;
  /** It was in a log when the verdict came. */
  logged: boolean;
  /** Records that waited when it was handed over. */
  readonly pending: number;
}

/** One client through one random life of a sidecar; throws at a broken promise. Resolves with the records called kept. */
export async function live(seed: number): Promise<number> {
  const random = new Random(seed);
  const clock = new VirtualClock(random);
  const window = 1 + random.below(40);
  const queue = 5 + random.below(100);
  const calls: Call[] = [];
  let closing = false;
  const sidecar = new SimulatedSidecar(clock, random, {
    deadlineMs,
    window,
    hasHeard: (record) => calls[record]!.verdict !== null,
    isClosing: () => closing,
  });
  const client = new Client(settingsOf('/nowhere', { deadlineMs, window, queue }), sidecar.surroundings);
  const send = (isPatient = false): void => {
    const { pending } = client;
    const call: Call = { at: clock.now(), verdict: null, settledAt: Number.NaN, logged: false, pending };
    const id = String(calls.push(call) - 1);
    const giveUp = new AbortController();
    if (!isPatient && random.chance(0.05)) clock.setTimer(random.between(0, 50), () => giveUp.abort());
    void client.record({ type: 'request', request: { id } }, { signal: giveUp.signal }).then((verdict) => {
      assert.equal(call.verdict, null);
      call.verdict = verdict;
      call.settledAt = clock.now();
      call.logged = sidecar.log.has(Number(id));
    });
  };
  const lastsMs = 1000;
  for (let burst = random.between(1, 40); burst > 0; burst--) {
    clock.setTimer(random.between(0, lastsMs), () => {
      for (let record = random.between(1, 30); record > 0; record--) send();
    });
  }
  for (let change = random.below(12); change > 0; change--) {
    clock.setTimer(random.between(0, lastsMs), () =>
      sidecar.become(conditions[random.below(conditions.length)]!),
    );
  }
  let closed = false;
  const close = (): void => {
    closing = true;
    void client.close().then(() => {
      closed = true;
    });
  };
  const destroyAt = random.chance(0.1) ? random.between(0, lastsMs) : Number.POSITIVE_INFINITY;
  let back = Number.NaN;
  let closeAt = lastsMs + random.between(0, 300);
  if (destroyAt !== Number.POSITIVE_INFINITY) {
    clock.setTimer(destroyAt, () => {
      closing = true;
      client.destroy();
    });
  } else if (random.chance(0.5)) {
    // Once it is back for good, and the longest wait is over, a record is kept.
    clock.setTimer(closeAt, () => sidecar.restart());
    closeAt += longestWaitMs + deadlineMs;
    clock.setTimer(closeAt, () => {
      back = calls.length;
      send(true);
    });
    closeAt += 1;
  }
  clock.setTimer(closeAt, close);

  await runTimers(clock, () => closed && calls.every(({ verdict }) => verdict !== null));
  assert.ok(closed, 'close never resolved');
  if (sidecar.faults.length > 0) assert.fail(sidecar.faults[0]!);
  check(calls, sidecar, destroyAt !== Number.POSITIVE_INFINITY);
  for (const { pending, verdict } of calls) {
    assert.ok(pending <= queue + window, `${pending} records waited`);
    if (verdict?.ok === false && verdict.code === 'queue_full')
      assert.ok(pending >= queue, 'the queue had room');
  }
  assert.ok(calls[back]?.verdict?.ok ?? true, 'it did not come back to a sidecar that did');
  const { ok, refused } = client.counters;
  const counted = ok + Object.values(refused).reduce((sum, count) => sum + count, 0);
  assert.equal(counted, calls.length, 'the counters say otherwise');
  assert.equal(client.pending, 0);
  assert.equal(client.state, 'closed');
  return ok;
}

function check(calls: readonly Call[], { said }: SimulatedSidecar, destroyed: boolean): void {
  for (const [id, { at, verdict, settledAt, logged }] of calls.entries()) {
    assert.ok(verdict !== null, `record ${id} has no verdict`);
    const tookMs = settledAt - at;
    assert.ok(tookMs <= deadlineMs + graceMs, `record ${id} took ${tookMs} ms`);
    assert.equal(verdict.proceed, verdict.ok);
    if (verdict.ok) {
      assert.ok(logged, `record ${id} was called kept and is in no log`);
      assert.ok(said.ok.has(id), `record ${id} was called kept, and its reply says otherwise`);
      continue;
    }
    const { code } = verdict;
    for (const answer of ['not_recorded', 'stopping'] as const) {
      if (code === answer) assert.ok(said[answer].has(id), `record ${id} was never answered ${code}`);
    }
    if (code === 'stopping' || code === 'unanswered' || code === 'unreachable') {
      assert.ok(tookMs >= deadlineMs, `record ${id} is ${code} after ${tookMs} ms`);
    }
    if (code === 'closed') assert.ok(destroyed, `record ${id} was dropped by a close`);
  }
}
