import { DatagramDevice } from './datagram-device.ts';
import { FileDevice } from './file-device.ts';
import type { SimulatedDevice, SimulatedDeviceSettings } from './simulated-device.ts';
import { StreamDevice } from './stream-device.ts';

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
