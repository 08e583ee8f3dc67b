import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zeroLaneCounters } from '../../../daemon/delivery/lane-counters.ts';
import type { LaneStatus } from '../../../daemon/delivery/lane-status.ts';
import { zeroIngestCounters } from '../../../daemon/ingest/ingest-counters.ts';
import type { Phase } from '../../../daemon/monitoring/health.ts';
import { TroubleWatch } from '../../../daemon/monitoring/trouble-watch.ts';
import { Random } from '../../simulation/random.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';
import { DaemonProcess, fileDevice } from '../../support/daemon-process.ts';
import { laneStatus } from '../../support/lane-status.ts';
import { logInto } from '../../support/log-lines.ts';
import { RecordClient } from '../../support/record-client.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

function subject() {
  const clock = new VirtualClock(new Random(1));
  const counters = zeroIngestCounters();
  const lines: string[] = [];
  const now: { phase: Phase; lanes: readonly LaneStatus[] } = { phase: 'running', lanes: [laneStatus()] };
  const status = { require: { kind: 'any' } as const, lanes: () => now.lanes, phase: () => now.phase };
  const watch = new TroubleWatch({ clock, counters }, status, logInto(lines, 'info'));
  watch.start();
  return {
    clock,
    counters,
    watch,
    become: (phase: Phase, state: LaneStatus['state']) => {
      now.phase = phase;
      now.lanes = [laneStatus({ state })];
    },
    show: (...lanes: LaneStatus[]) => {
      now.lanes = lanes;
    },
    /** Lets seconds go by; gives what was logged in them, without times. */
    pass(count: number): string[] {
      for (let second = 0; second < count; second++) clock.fireNext();
      return lines.splice(0).map((line) => line.trimEnd().replace(/^\S+ /, ''));
    },
  };
}

test('refusals are told once when they begin and once, with their number, when they end', () => {
  const { counters, pass } = subject();
  assert.deepEqual(pass(20), []);
  counters.refused.not_recorded += 3;
  assert.deepEqual(pass(1), ['warn  records refused code=not_recorded records=3']);
  for (let second = 0; second < 30; second++) {
    counters.refused.not_recorded += 100;
    assert.deepEqual(pass(1), []);
  }
  assert.deepEqual(pass(9), []);
  assert.deepEqual(pass(1), ['warn  records no longer refused code=not_recorded records=3003 seconds=30']);
  assert.deepEqual(pass(100), []);
  counters.refused.not_recorded += 1;
  assert.deepEqual(pass(1), ['warn  records refused code=not_recorded records=1']);
});

test('refusals that come and go within seconds are one trouble, and each code is told by itself', () => {
  const { counters, pass } = subject();
  counters.refused.invalid_record++;
  pass(1);
  for (let round = 0; round < 5; round++) {
    counters.refused.invalid_record++;
    assert.deepEqual(pass(9), []);
  }
  counters.refused.too_large++;
  assert.deepEqual(pass(1), ['warn  records refused code=too_large records=1']);
  assert.deepEqual(pass(9), ['warn  records no longer refused code=invalid_record records=6 seconds=37']);
});

test('readiness is told when it goes and when it is back, and not while it is nobody’s trouble', () => {
  const { become, pass } = subject();
  become('running', 'failing');
  const [line, ...more] = pass(1);
  assert.deepEqual(more, []);
  assert.match(line!, /^warn {2}not ready reason=".*"$/);
  become('running', 'blocked');
  assert.deepEqual(pass(10), []);
  become('running', 'slow');
  assert.deepEqual(pass(1), ['warn  ready again seconds=11']);
  become('stopping', 'failing');
  assert.deepEqual(pass(10), []);
});

/** A device that has dropped so many. */
function dropping(
  path: string,
  queueFull: number,
  tooLarge = 0,
  tooLargeId: string | null = null,
): LaneStatus {
  const counters = zeroLaneCounters();
  Object.assign(counters.dropped, { queue_full: queueFull, too_large: tooLarge, disabled: 9, stopping: 9 });
  return laneStatus({ path, counters, tooLargeId });
}

test('drops are told once for each device and reason when they begin, and once with their number when they end', () => {
  const { show, pass, watch } = subject();
  show(dropping('a/', 0), dropping('b/', 0));
  assert.deepEqual(pass(3), []);
  for (let second = 1; second <= 20; second++) {
    show(dropping('a/', 100 * second), dropping('b/', 0, second > 5 ? 2 : 0, second > 5 ? 'id-"7"\n' : null));
    const told = pass(1);
    if (second === 1) {
      assert.deepEqual(told, ['warn  records dropped device=a/ type=file reason=queue_full records=100']);
    } else if (second === 6) {
      assert.deepEqual(told, [
        'warn  records dropped device=b/ type=file reason=too_large records=2 id="id-\\"7\\"\\n"',
      ]);
    } else if (second === 16) {
      assert.deepEqual(told, [
        'warn  records no longer dropped device=b/ type=file reason=too_large records=2 seconds=0',
      ]);
    } else assert.deepEqual(told, []);
  }
  // One that takes the path of the other begins anew, and one that is gone drops no more.
  show(dropping('a/', 3));
  assert.deepEqual(pass(1), []);
  show(laneStatus());
  assert.deepEqual(pass(1), [
    'warn  records no longer dropped device=a/ type=file reason=queue_full records=2003 seconds=20',
  ]);
  show(dropping('c/', 0, 5, ''));
  assert.deepEqual(pass(1), ['warn  records dropped device=c/ type=file reason=too_large records=5']);
  show(dropping('c/', 0, 6, ''));
  watch.stop();
  assert.deepEqual(pass(1), [
    'warn  records no longer dropped device=c/ type=file reason=too_large records=6 seconds=0',
  ]);
});

test('a stop counts what has not ended', () => {
  const { counters, watch, pass } = subject();
  counters.refused.not_recorded += 2;
  pass(1);
  counters.refused.not_recorded += 5;
  counters.refused.stopping += 4;
  watch.stop();
  assert.deepEqual(pass(10), [
    'warn  records refused code=stopping records=4',
    'warn  records no longer refused code=not_recorded records=7 seconds=0',
    'warn  records no longer refused code=stopping records=4 seconds=0',
  ]);
});

test('a daemon tells it of what its listeners refuse', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices: { 'file/': fileDevice } });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send('no record', '{"type":"request"}', 'nor this');
  await client.replied(3);
  await waitFor('it is told', () =>
    daemon.log.includes('warn  records refused code=invalid_record records=2\n'),
  );
  assert.equal(await daemon.stop(), 0);
  assert.match(daemon.log, /warn {2}records no longer refused code=invalid_record records=2 seconds=/);
  assert.doesNotMatch(daemon.log, /no record|not ready/);
});
