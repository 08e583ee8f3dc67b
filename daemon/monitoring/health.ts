import type { Requirement } from '../../config/config.ts';
import type { LaneStatus } from '../delivery/lane-status.ts';
import { whyUnmet } from '../delivery/requirement.ts';

export type Phase = 'starting' | 'running' | 'stopping';

/** Whether a record sent now could be answered `ok`. */
export type Readiness =
  | { readonly ready: true; readonly reason: null }
  | { readonly ready: false; readonly reason: string };

/** The answer of `/readyz`. */
export interface ReadinessReport {
  readonly ready: boolean;
  /** `null` when ready. */
  readonly reason: string | null;
  readonly devices: readonly DeviceReport[];
}

export interface DeviceReport {
  readonly path: string;
  readonly type: string;
  /** Where it comes from: the configuration file, or a call of the admin API. */
  readonly declared: 'config' | 'api';
  readonly state: LaneStatus['state'];
  /** RFC 3339: when the state was entered. */
  readonly since: string;
  readonly last_error: {
    readonly reason: string;
    readonly message: string;
    /** RFC 3339. */
    readonly at: string;
  } | null;
  readonly oldest_waiting_seconds: number;
  readonly queue_records: number;
  readonly queue_bytes: number;
  readonly queue_limit_bytes: number;
}

const ready: Readiness = Object.freeze({ ready: true, reason: null });

/** Whether devices that take records now (state `ok` or `slow`) satisfy the policy. */
export function readiness(require: Requirement, lanes: readonly LaneStatus[], phase: Phase): Readiness {
  if (phase !== 'running') return { ready: false, reason: `the daemon is ${phase}` };
  const enabled = lanes.filter((lane) => lane.state !== 'disabled');
  const reason = whyUnmet(require, enabled);
  return reason === null ? ready : { ready: false, reason };
}

/** Readiness together with the state of every device. */
export function readinessReport(
  require: Requirement,
  lanes: readonly LaneStatus[],
  phase: Phase,
  declared: (path: string) => 'config' | 'api',
): ReadinessReport {
  const devices = lanes.map((lane) => deviceReport(lane, declared(lane.path)));
  return { ...readiness(require, lanes, phase), devices };
}

function deviceReport(lane: LaneStatus, declared: 'config' | 'api'): DeviceReport {
  const { lastFailure } = lane;
  return {
    path: lane.path,
    type: lane.type,
    declared,
    state: lane.state,
    since: new Date(lane.since).toISOString(),
    last_error: lastFailure && {
      reason: lastFailure.reason,
      message: lastFailure.message,
      at: new Date(lastFailure.at).toISOString(),
    },
    oldest_waiting_seconds: lane.oldestWaitingMs / 1000,
    queue_records: lane.queueRecords,
    queue_bytes: lane.queueBytes,
    queue_limit_bytes: lane.queueLimitBytes,
  };
}
