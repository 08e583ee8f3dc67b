import assert from 'node:assert/strict';
import { Client } from '../../client/client.ts';
import { settingsOf } from '../../client/options.ts';
import type { Verdict } from '../../client/verdict.ts';
import { Random } from '../simulation/random.ts';
import { runTimers, VirtualClock } from '../simulation/virtual-clock.ts';
import { conditions, SimulatedSidecar } from './simulated-sidecar.ts';

const deadlineMs = 200;

/** What a program timer may be late, and what a close takes. */
const graceMs = 5;

interface Call {
  readonly at: number;
  verdict: Verdict | null;
  settledAt: number;
}

/** One client through one random life of a sidecar; throws at a broken promise. Resolves with the records called kept. */
export async function live(seed: number): Promise<number> {
  const random = new Random(seed);
  const clock = new VirtualClock(random);
  const sidecar = new SimulatedSidecar(clock, random);
  const window = 1 + random.below(40);
  const queue = 5 + random.below(100);
  const client = new Client(settingsOf('/nowhere', { deadlineMs, window, queue }), sidecar.surroundings);
  const calls: Call[] = [];
  const send = (): void => {
    const call: Call = { at: clock.now(), verdict: null, settledAt: Number.NaN };
    const id = String(calls.push(call) - 1);
    const giveUp = new AbortController();
    if (random.chance(0.05)) clock.setTimer(random.between(0, 50), () => giveUp.abort());
    void client.record({ type: 'request', request: { id } }, { signal: giveUp.signal }).then((verdict) => {
      assert.equal(call.verdict, null);
      call.verdict = verdict;
      call.settledAt = clock.now();
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
  clock.setTimer(lastsMs + random.between(0, 300), () => {
    void client.close().then(() => {
      closed = true;
    });
  });
  const before = random.chance(0.1) ? random.between(0, lastsMs) : Number.POSITIVE_INFINITY;
  if (before !== Number.POSITIVE_INFINITY) clock.setTimer(before, () => client.destroy());

  await runTimers(clock, () => closed && calls.every(({ verdict }) => verdict !== null));
  assert.ok(closed, 'close never resolved');
  check(calls, sidecar.log);
  const { ok, refused } = client.counters;
  const counted = ok + Object.values(refused).reduce((sum, count) => sum + count, 0);
  assert.equal(counted, calls.length, 'the counters say otherwise');
  assert.equal(client.pending, 0);
  assert.equal(client.state, 'closed');
  return ok;
}

function check(calls: readonly Call[], log: readonly number[]): void {
  const logged = new Set(log);
  for (const [id, { at, verdict, settledAt }] of calls.entries()) {
    assert.ok(verdict !== null, `record ${id} has no verdict`);
    assert.ok(settledAt - at <= deadlineMs + graceMs, `record ${id} took ${settledAt - at} ms`);
    assert.equal(verdict.proceed, verdict.ok);
    if (verdict.ok) assert.ok(logged.has(id), `record ${id} was called kept and is in no log`);
  }
  // Set keeps the order in which each came first.
  let last = -1;
  for (const id of logged) {
    if (calls[id]!.verdict!.ok && id < last) assert.fail(`record ${id} came after ${last}`);
    last = Math.max(last, id);
  }
}
