import type { DeviceFailure } from '../../devices/device.ts';
import type { PeerBounds } from '../../devices/peer-bounds.ts';
import type { LineFormat } from '../../format/formatter.ts';
import type { Clock } from '../clock.ts';
import { Lane, type LaneEvents } from '../delivery/lane.ts';
import type { Log } from '../log/log.ts';
import type { DeclaredDevice } from './declared-devices.ts';

export interface LaneSurroundings {
  readonly clock: Clock;
  readonly events: LaneEvents;
  readonly log: Log;
  readonly reach: PeerBounds;
}

/** Makes the lane of a device, and in it the device: the one place where either is made, and neither is open yet. */
export function createDeviceLane(
  { declared, config, parsed }: DeclaredDevice,
  format: LineFormat,
  { clock, events, log, reach }: LaneSurroundings,
): Lane {
  const { path } = config;
  return new Lane({
    path,
    type: parsed.type,
    options: parsed.lane,
    format,
    clock,
    events,
    createDevice: (onLost) => {
      const onTrouble = ({ reason, message }: DeviceFailure): void =>
        log.error('device in trouble', { device: path, type: parsed.type, reason, error: message });
      const peerBounds = declared === 'api' ? reach : null;
      return parsed.create({ path, onLost, onTrouble, clock, peerBounds });
    },
  });
}
