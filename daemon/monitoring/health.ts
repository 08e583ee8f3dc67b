import type { Requirement } from '../../config/config.ts';
import type { LaneStatus } from '../delivery/lane-status.ts';

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
  if (phase !== 'running') return notReady(`the daemon is ${phase}`);
  const enabled = lanes.filter((lane) => lane.state !== 'disabled');
  if (enabled.length === 0) return notReady('no device is enabled');
  const broken = enabled.filter((lane) => !takesRecords(lane));
  const working = enabled.length - broken.length;
  switch (require.kind) {
    case 'any':
      return working > 0 ? ready : notReady(`no device takes records: ${described(broken)}`);
    case 'all':
      return broken.length === 0 ? ready : notReady(`all devices are required: ${described(broken)}`);
    case 'count': {
      if (working >= require.count) return ready;
      const why = broken.length === 0 ? `${enabled.length} enabled` : described(broken);
      return notReady(`${require.count} devices are required and ${working} take records: ${why}`);
    }
    case 'devices': {
      const missing = require.paths.filter((path) => !enabled.some((lane) => lane.path === path));
      const wanted = broken.filter((lane) => require.paths.includes(lane.path));
      if (missing.length === 0 && wanted.length === 0) return ready;
      const parts = missing.map((path) => `"${path}" is not enabled`);
      if (wanted.length > 0) parts.push(described(wanted));
      return notReady(`required devices do not take records: ${parts.join('; ')}`);
    }
  }
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

/** Whether a device in this state still records in time: also what the metric `up` says. */
export function takesRecords(lane: LaneStatus): boolean {
  return lane.state === 'ok' || lane.state === 'slow';
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

function notReady(reason: string): Readiness {
  return { ready: false, reason };
}

function described(lanes: readonly LaneStatus[]): string {
  return lanes
    .map(({ path, state, lastFailure }) =>
      // A blocked device reports no error; its last one is from another time.
      state === 'failing' && lastFailure !== null
        ? `"${path}" is failing (${lastFailure.reason})`
        : `"${path}" is ${state}`,
    )
    .join('; ');
}
