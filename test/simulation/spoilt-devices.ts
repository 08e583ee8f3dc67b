import type { Device, WriteOutcome } from '../../devices/device.ts';
import type { Lines } from '../../format/lines.ts';

/** A device that does what another one does. */
export class WrappedDevice implements Device {
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

  close(signal: AbortSignal): Promise<void> {
    return this.#device.close(signal);
  }
}

/** After a failure the next write does nothing and ends well. */
export class ForgetfulDevice extends WrappedDevice {
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

/** Only the first opening that succeeds is one. */
export class OnceOpenedDevice extends WrappedDevice {
  #opened = false;

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#opened) return;
    await super.open(signal);
    this.#opened = true;
  }
}
