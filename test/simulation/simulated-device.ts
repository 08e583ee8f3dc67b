import type { Device, DeviceFailure, LostScope } from '../../devices/device.ts';
import { DatagramDevice } from './datagram-device.ts';
import type { Destination } from './destination.ts';
import { FileDevice } from './file-device.ts';
import type { Random } from './random.ts';
import { StreamDevice } from './stream-device.ts';
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

export function createSimulatedDevice(settings: SimulatedDeviceSettings): SimulatedDevice {
  switch (settings.destination.settings.transport) {
    case 'file':
      return new FileDevice(settings);
    case 'stream':
      return new StreamDevice(settings);
    case 'datagram':
      return new DatagramDevice(settings);
  }
}
