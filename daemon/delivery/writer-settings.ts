import type { Device, DeviceFailure, LostScope } from '../../devices/device.ts';
import type { Clock } from '../clock.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { WriterEvents } from './writer-events.ts';

/** What a lane gives its writer. */
export interface WriterSettings {
  /** The path the device is known by, for messages. */
  readonly path: string;
  readonly clock: Clock;
  /** What waits to be written. */
  readonly queue: LaneQueue;
  readonly createDevice: (onLost: (scope: LostScope, failure: DeviceFailure) => void) => Device;
  /** Whether more may be written; never again once it was denied. */
  readonly enabled: () => boolean;
  readonly events: WriterEvents;
}
