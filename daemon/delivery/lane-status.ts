import type { FailureReason } from '../../devices/device.ts';

/**
 * What a lane is doing:
 * `ok`: nothing waits longer than half the write timeout;
 * `slow`: something does, but no deadline has passed;
 * `blocked`: a deadline has passed and the device reports no error: it is just not taking anything;
 * `failing`: the last attempt ended in an error, the next one comes after a pause;
 * `disabled`: closed, takes nothing.
 * The closed set is also the metric label `state`.
 */
export const laneStates = ['ok', 'slow', 'blocked', 'failing', 'disabled'] as const;
export type LaneState = (typeof laneStates)[number];

/** Whether a device in this state records in time. */
export function takesRecords(state: LaneState): boolean {
  return state === 'ok' || state === 'slow';
}

/** Why a record will never reach a device. The closed set is also the metric label `reason`. */
export const dropReasons = ['queue_full', 'too_large', 'disabled', 'stopping'] as const;
export type DropReason = (typeof dropReasons)[number];

/** Plain numbers that the hot path adds to; the metrics copy them when they are asked for. */
export interface LaneCounters {
  /** Records the device has. */
  recorded: number;
  /** Records that missed their deadline here (they may have been recorded since). */
  late: number;
  readonly dropped: Record<DropReason, number>;
  /** Bytes of lines the device took, those sent again included. */
  bytes: number;
  /** Records sent a second time because the connection that took them broke. */
  resent: number;
  /** Writes that did not end within the write timeout. */
  timeouts: number;
  /** Times the device was opened again after a failure. */
  reconnects: number;
  /** Failed attempts to open or write. */
  readonly failures: Record<FailureReason, number>;
}

/** A device's lane as status pages and metrics see it, at the moment it is asked. */
export interface LaneStatus {
  /** With its trailing slash. */
  readonly path: string;
  readonly type: string;
  readonly state: LaneState;
  /**
   * Whether it records in time: as `state` says, but for a file that could not follow a rotation. That one is failing and
   * goes on taking records under the file's new name.
   */
  readonly takes: boolean;
  /** Wall-clock milliseconds at which the state was entered. */
  readonly since: number;
  readonly lastFailure: {
    readonly reason: FailureReason;
    readonly message: string;
    /** Wall-clock milliseconds. */
    readonly at: number;
  } | null;
  /** Age of the oldest record that waits, in milliseconds; 0 when none does. */
  readonly oldestWaitingMs: number;
  readonly queueRecords: number;
  readonly queueBytes: number;
  readonly queueLimitBytes: number;
  /** Total milliseconds in the state `blocked`, including the present episode. */
  readonly blockedMs: number;
  readonly counters: Readonly<LaneCounters>;
  /** `request.id` of the last record that was dropped as `too_large`, or empty where it cannot be read; `null`: none was. */
  readonly tooLargeId: string | null;
}
