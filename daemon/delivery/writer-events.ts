import type { DeviceFailure } from '../../devices/device.ts';
import type { Settled } from './next-write.ts';

/** What a writer tells its lane. */
export interface WriterEvents {
  /** A write ended, well or not. */
  readonly onWrite: (seconds: number) => void;
  /** Records have left the queue for the device. */
  readonly onSettled: (settled: Settled) => void;
  /** An attempt to open, write or reopen failed. */
  readonly onFailure: (failure: DeviceFailure) => void;
  /** The device is open again after a failure. */
  readonly onReopened: () => void;
  /** It has followed a rotation that it had failed to follow. */
  readonly onFollowed: () => void;
  /** The write under way has lasted for the write timeout. */
  readonly onTimeout: () => void;
  /** Records are sent a second time. */
  readonly onResent: (records: number) => void;
  /** It has stopped writing, for now: because nothing waits, or after a failure. */
  readonly onPause: () => void;
}
