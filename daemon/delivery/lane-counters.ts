import { failureReasons } from '../../devices/device.ts';
import { dropReasons, type LaneCounters } from './lane-status.ts';

/** Every count at zero, so that every series exists from the start. */
export function zeroLaneCounters(): LaneCounters {
  return {
    recorded: 0,
    late: 0,
    dropped: zeroes(dropReasons),
    bytes: 0,
    resent: 0,
    timeouts: 0,
    reconnects: 0,
    failures: zeroes(failureReasons),
  };
}

function zeroes<Key extends string>(keys: readonly Key[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
}
