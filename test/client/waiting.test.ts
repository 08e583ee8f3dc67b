import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../../client/client.ts';
import { settingsOf } from '../../client/options.ts';
import type { WireEvents } from '../../client/surroundings.ts';
import { Random } from '../simulation/random.ts';
import { runTimers, VirtualClock } from '../simulation/virtual-clock.ts';

test('a client that waits for a reply which does not come sleeps until something is due', async () => {
  const clock = new VirtualClock(new Random(1));
  let timers = 0;
  const client = new Client(settingsOf('/nowhere', { deadlineMs: 1000 }), {
    now: () => clock.now(),
    random: () => 0.5,
    setTimer(ms, _alive, callback) {
      timers++;
      return clock.setProgramTimer(ms, callback);
    },
    dial(_path, events: WireEvents) {
      // Late, so that the record's own deadline is long over when its reply is.
      clock.setTimer(900, () => events.opened());
      return { write: () => true, destroy: () => {} };
    },
  });
  const codes: string[] = [];
  const send = (): void => {
    void client.record({}).then((verdict) => codes.push(verdict.ok ? 'ok' : verdict.code));
  };
  send();
  clock.setTimer(990, send);
  await runTimers(clock, () => codes.length === 2);
  client.destroy();
  assert.deepEqual(codes, ['unanswered', 'unreachable']);
  assert.ok(timers < 20, `${timers} timers`);
});
