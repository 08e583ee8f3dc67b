import type { Clock } from '../../daemon/clock.ts';
import type { Lane } from '../../daemon/delivery/lane.ts';
import type { ClientSocket } from '../../daemon/ingest/client-socket.ts';
import type { ConnectionBounds } from '../../daemon/ingest/connection-bounds.ts';
import type { IngestSettings } from '../../daemon/ingest/ingest-settings.ts';
import type { MemoryBudget } from '../../daemon/ingest/memory-budget.ts';
import type { RecordDoor } from '../../daemon/ingest/record-door.ts';
import type { Reply } from '../../daemon/ingest/replies.ts';
import type { Session } from '../../daemon/ingest/session.ts';
import type { Device, LostScope } from '../../devices/device.ts';
import type { LaneOptions } from '../../devices/device-kind.ts';
import type { Destination } from './destination.ts';
import type { Replies } from './scenario.ts';
import type { ClientEnd } from './simulated-daemon.ts';

export type Tell = (replies: readonly Reply[]) => void;

/** Opens a session that tells its replies to the connection, or to what is put between them. */
export type OpenSession = (tell: Tell) => Session;

/** Ways to spoil a daemon from outside while the rest of its code runs as it is. */
export interface Sabotage {
  readonly lane?: (lane: Lane, clock: Clock) => void;
  readonly laneOptions?: (options: LaneOptions) => LaneOptions;
  readonly device?: (device: Device) => Device;
  /** What is at the other end, each time that a device for it is enabled. */
  readonly destination?: (destination: Destination) => void;
  /** What the lane hears of a connection that ended; null: nothing. */
  readonly lost?: (scope: LostScope) => LostScope | null;
  readonly session?: (open: OpenSession, tell: Tell, clock: Clock) => RecordDoor;
  /** What the connection believes that its client wants. */
  readonly replies?: (replies: Replies) => Replies;
  readonly socket?: (socket: ClientSocket) => ClientSocket;
  readonly clientEnd?: (end: ClientEnd, socket: ClientSocket) => ClientEnd;
  readonly bounds?: (bounds: ConnectionBounds) => ConnectionBounds;
  readonly budget?: (budget: MemoryBudget) => void;
  /** What the daemon goes by; the oracles go by what was configured. */
  readonly ingest?: (ingest: IngestSettings) => void;
}

/** A bug, and the promise by which it must be found. */
export interface PlantedBug extends Sabotage {
  readonly breaks: string;
}

/** Nothing is spoilt. */
export const noSabotage: Sabotage = {};
