import type { Lane } from '../../daemon/delivery/lane.ts';
import type { Session } from '../../daemon/ingest/session.ts';
import type { Device } from '../../devices/device.ts';
import type { LaneOptions } from '../../devices/device-kind.ts';

/** The side of a session that a connection uses. */
export type Door = Pick<
  Session,
  'receive' | 'end' | 'discard' | 'heldBytes' | 'inFlightBytes' | 'inFlightRecords'
>;

/** Ways to spoil a daemon from outside while the rest of its code runs as it is. */
export interface Sabotage {
  readonly lane?: (lane: Lane) => void;
  readonly laneOptions?: (options: LaneOptions) => LaneOptions;
  readonly device?: (device: Device) => Device;
  readonly session?: (open: () => Session) => Door;
}

/** Nothing is spoilt. */
export const noSabotage: Sabotage = {};
