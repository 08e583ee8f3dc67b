import { zeroLaneCounters } from '../../daemon/delivery/lane-counters.ts';
import { type LaneStatus, takesRecords } from '../../daemon/delivery/lane-status.ts';

/** The status of a device at rest, with what a test says differently. */
export function laneStatus(differences: Partial<LaneStatus> = {}): LaneStatus {
  return {
    path: 'file/',
    type: 'file',
    state: 'ok',
    takes: takesRecords(differences.state ?? 'ok'),
    since: 0,
    lastFailure: null,
    oldestWaitingMs: 0,
    queueRecords: 0,
    queueBytes: 0,
    queueLimitBytes: 64 * 1024 * 1024,
    blockedMs: 0,
    counters: zeroLaneCounters(),
    tooLargeId: null,
    ...differences,
  };
}
