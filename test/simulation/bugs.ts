import type { Device, WriteOutcome } from '../../devices/device.ts';
import type { Lines } from '../../format/lines.ts';
import type { Sabotage } from './sabotage.ts';

class WrappedDevice implements Device {
  readonly tailBytes: number;
  readonly #device: Device;

  constructor(device: Device) {
    this.tailBytes = device.tailBytes;
    this.#device = device;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#device.open(signal);
  }

  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    return this.#device.write(lines, signal);
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#device.reopen(signal);
  }

  close(): Promise<void> {
    return this.#device.close();
  }
}

class ForgetfulDevice extends WrappedDevice {
  #failed = false;

  override async write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    if (this.#failed) {
      this.#failed = false;
      return { settled: lines.ends.length, refused: [], failure: null };
    }
    const outcome = await super.write(lines, signal);
    this.#failed = outcome.failure !== null;
    return outcome;
  }
}

/** Bugs put in on purpose: a simulator that does not find them proves nothing when it finds none. */
export const bugs: Readonly<Record<string, Sabotage>> = {
  /** A record counts as recorded once it is queued. */
  'reply-before-recorded': {
    lane(lane) {
      const enqueue = lane.enqueue.bind(lane);
      lane.enqueue = (batch, slot, rendered) => {
        batch.settle(slot, 0, batch.count, 'recorded');
        enqueue(batch, slot, rendered);
      };
    },
  },
  /** After a failure, what is sent again counts as written without being written. */
  'lost-batch-on-retry': { device: (device) => new ForgetfulDevice(device) },
  /** The bound on what waits is a thousand times what was configured. */
  'unbounded-queue': {
    laneOptions: (options) => ({ ...options, queueBytes: options.queueBytes * 1_000 }),
  },
  /** What a stream took is forgotten at once, so that a broken connection loses it. */
  'tail-not-kept': { device: (device) => Object.assign(new WrappedDevice(device), { tailBytes: 0 }) },
  /** Nothing is ever late. */
  'no-deadline': { laneOptions: (options) => ({ ...options, writeTimeoutMs: 0 }) },
};
