import type { Device, DeviceSettings } from '../../devices/device.ts';
import type { Clock } from '../clock.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { WriterEvents } from './writer-events.ts';

/** How long a device may take over its last write before it is closed all the same, and its peer over what was sent. */
export const closeGraceMs = 1_000;

/** What a lane gives its writer. */
export interface WriterSettings {
  /** The path the device is known by, for messages. */
  readonly path: string;
  readonly clock: Clock;
  /** What waits to be written. */
  readonly queue: LaneQueue;
  readonly createDevice: (onLost: DeviceSettings['onLost']) => Device;
  /** Whether more may be written; never again once it was denied. */
  readonly enabled: () => boolean;
  readonly events: WriterEvents;
}
