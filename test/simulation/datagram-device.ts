import { DeviceFailure, type WriteOutcome } from '../../devices/device.ts';
import type { Lines } from '../../format/lines.ts';
import type { Destination } from './destination.ts';
import { DeviceWaits } from './device-waits.ts';
import type { Random } from './random.ts';
import { lineBytes, recordsOf } from './record-line.ts';
import type { SimulatedDevice, SimulatedDeviceSettings } from './simulated-device.ts';

/** One message a line; one that is too long is refused and the next is sent. */
export class DatagramDevice implements SimulatedDevice {
  readonly tailBytes = 0;
  readonly #destination: Destination;
  readonly #random: Random;
  readonly #waits: DeviceWaits;

  constructor({ world, destination, random }: SimulatedDeviceSettings) {
    this.#destination = destination;
    this.#random = random;
    this.#waits = new DeviceWaits(world, destination, random);
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waits.later(() => {
        if (this.#destination.trouble !== 'refusing') resolve();
        else reject(new DeviceFailure('refused', `Cannot open "${this.#destination.path}": nobody listens`));
      });
    });
  }

  async reopen(): Promise<void> {}

  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    const records = recordsOf(lines);
    return new Promise((resolve) => {
      const aborted = (): void =>
        resolve({ settled: 0, refused: [], failure: new DeviceFailure('aborted', 'Cannot write: given up') });
      signal.addEventListener('abort', aborted, { once: true });
      this.#waits.later(() =>
        this.#waits.whenMoving(() => {
          signal.removeEventListener('abort', aborted);
          if (!signal.aborted) resolve(this.#send(lines, records));
        }),
      );
    });
  }

  #send(lines: Lines, records: readonly number[]): WriteOutcome {
    const broken = this.#destination.trouble === 'failing' || this.#destination.trouble === 'refusing';
    const settled = broken ? this.#random.below(records.length) : records.length;
    const refused: number[] = [];
    for (let line = 0; line < settled; line++) {
      if (lineBytes(lines, line) > this.#destination.settings.maxLineBytes) refused.push(line);
      else this.#destination.append(records[line]!);
    }
    const failure = broken ? new DeviceFailure('refused', 'Cannot write: nobody listens') : null;
    return { settled, refused, failure };
  }

  async close(): Promise<void> {}

  kill(): void {
    this.#waits.kill();
  }

  vanish(): void {}

  breakOff(): void {}
}
