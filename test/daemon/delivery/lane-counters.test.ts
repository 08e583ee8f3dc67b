import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zeroLaneCounters } from '../../../daemon/delivery/lane-counters.ts';
import { failureReasons } from '../../../devices/device.ts';

test('every counter of a lane starts at zero, and each lane has its own', () => {
  const { failures, dropped, ...rest } = zeroLaneCounters();
  assert.deepEqual(Object.keys(failures), [...failureReasons]);
  const all = [...Object.values(failures), ...Object.values(dropped), ...Object.values(rest)];
  assert.deepEqual(
    all,
    all.map(() => 0),
  );
  failures.io++;
  dropped.queue_full++;
  const other = zeroLaneCounters();
  assert.deepEqual([other.failures.io, other.dropped.queue_full], [0, 0]);
});
