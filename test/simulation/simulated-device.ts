import type { Device, DeviceFailure, LostScope } from '../../devices/device.ts';
import type { Destination } from './destination.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** A device in a simulated process. */
export interface SimulatedDevice extends Device {
  /** The process dies: nothing it awaits comes any more. */
  kill(): void;
  /** Its peer vanishes without a word; nothing happens where there is none. */
  vanish(): void;
  breakOff(inOrder: boolean): void;
}

export type OnLost = (scope: LostScope, failure: DeviceFailure) => void;

/** What a device writes to, and whom it tells. */
export interface SimulatedDeviceSettings {
  readonly world: World;
  readonly destination: Destination;
  readonly random: Random;
  readonly onLost: OnLost;
}
