import { DeviceFailure, type WriteOutcome } from '../../devices/device.ts';
import type { Lines } from '../../format/lines.ts';
import type { Destination } from './destination.ts';
import { DeviceWaits } from './device-waits.ts';
import type { Random } from './random.ts';
import { recordsOf } from './record-line.ts';
import type { SimulatedDevice, SimulatedDeviceSettings } from './simulated-device.ts';

/** A file on a disk that may be slow, full or hung. A call under way cannot be cancelled. */
export class FileDevice implements SimulatedDevice {
  readonly tailBytes = 0;
  readonly #destination: Destination;
  readonly #random: Random;
  readonly #waits: DeviceWaits;
  /** Records of the write under way. */
  #writing: readonly number[] = [];

  constructor({ world, destination, random }: SimulatedDeviceSettings) {
    this.#destination = destination;
    this.#random = random;
    this.#waits = new DeviceWaits(world, destination, random);
  }

  open(): Promise<void> {
    return this.#openAnew('open');
  }

  reopen(): Promise<void> {
    return this.#openAnew('reopen');
  }

  #openAnew(verb: string): Promise<void> {
    return this.#inTurn(() => {
      if (this.#destination.trouble === 'refusing') {
        throw new DeviceFailure('permission', `Cannot ${verb} "${this.#destination.path}": not allowed`);
      }
      this.#destination.endHalfLine();
    });
  }

  write(lines: Lines): Promise<WriteOutcome> {
    const records = recordsOf(lines);
    return this.#inTurn(
      () => this.#finish(records),
      () => {
        this.#writing = records;
      },
    );
  }

  /** What the operating system does when nobody else is at the file, once it gets to it. */
  #inTurn<Result>(finish: () => Result, begun: () => void = () => {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#destination.inTurn((end) => {
        begun();
        this.#waits.later(() =>
          this.#waits.whenMoving(() => {
            try {
              resolve(finish());
            } catch (error) {
              reject(error);
            }
            end();
          }),
        );
      });
    });
  }

  #finish(records: readonly number[]): WriteOutcome {
    this.#writing = [];
    const broken = this.#destination.trouble === 'failing' || this.#destination.trouble === 'refusing';
    const written = broken ? this.#random.below(records.length + 1) : records.length;
    for (const record of records.slice(0, written)) this.#destination.append(record);
    if (!broken) return { settled: records.length, refused: [], failure: null };
    if (this.#random.chance(0.5)) this.#destination.tear();
    // Lines may be there that the device cannot vouch for.
    const settled = this.#random.below(Math.min(written, records.length - 1) + 1);
    return { settled, refused: [], failure: new DeviceFailure('no_space', 'Cannot write: disk is full') };
  }

  async close(): Promise<void> {}

  kill(): void {
    this.#waits.kill();
    this.#destination.forgetTurns();
    // Part of what was handed over gets there.
    const written = this.#writing.slice(0, this.#random.below(this.#writing.length + 1));
    for (const record of written) this.#destination.append(record);
    if (written.length < this.#writing.length) this.#destination.tear();
  }

  vanish(): void {}

  breakOff(): void {}
}
