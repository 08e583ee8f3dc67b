import { systemClock } from '../../daemon/clock.ts';
import type { DeviceSettings } from '../../devices/device.ts';

/** Of a device that nobody listens to, and that may connect anywhere. */
export const unheardSettings: DeviceSettings = {
  path: 'tested/',
  clock: systemClock,
  onLost: () => {},
  onTrouble: () => {},
  peerBounds: null,
};
