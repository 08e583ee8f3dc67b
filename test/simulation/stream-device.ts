import { DeviceFailure, type LostScope, type WriteOutcome } from '../../devices/device.ts';
import type { Lines } from '../../format/lines.ts';
import type { Destination } from './destination.ts';
import { DeviceWaits } from './device-waits.ts';
import { PeerConnection } from './peer-connection.ts';
import type { Random } from './random.ts';
import { lineBytes, recordsOf } from './record-line.ts';
import type { OnLost, SimulatedDevice, SimulatedDeviceSettings } from './simulated-device.ts';
import type { World } from './world.ts';

/** A write that waits for room in the buffers. */
interface StreamWrite {
  readonly lines: Lines;
  readonly records: readonly number[];
  readonly settle: (outcome: WriteOutcome) => void;
  /** Lines the operating system has. */
  sent: number;
}

/** A connection to a peer with buffers on the way: a line is recorded when the operating system has it. */
export class StreamDevice implements SimulatedDevice {
  readonly tailBytes: number;
  readonly #world: World;
  readonly #destination: Destination;
  readonly #random: Random;
  readonly #waits: DeviceWaits;
  readonly #onLost: OnLost;
  #connection: PeerConnection | null = null;
  #write: StreamWrite | null = null;
  /** The host it would connect to does not answer: an open ends by its signal only. */
  #nobodyAnswers = false;

  constructor({ world, destination, random, onLost }: SimulatedDeviceSettings) {
    this.tailBytes = destination.settings.bufferBytes;
    this.#world = world;
    this.#destination = destination;
    this.#random = random;
    this.#onLost = onLost;
    this.#waits = new DeviceWaits(world, destination, random);
  }

  open(signal: AbortSignal): Promise<void> {
    if (this.#connection?.usable) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const aborted = (): void => reject(new DeviceFailure('aborted', 'Cannot connect: given up'));
      signal.addEventListener('abort', aborted, { once: true });
      if (this.#nobodyAnswers) {
        this.#nobodyAnswers = false;
        return;
      }
      this.#waits.later(() => {
        signal.removeEventListener('abort', aborted);
        if (signal.aborted) return;
        if (this.#destination.trouble === 'refusing') {
          reject(
            new DeviceFailure('refused', `Cannot connect to "${this.#destination.path}": nobody listens`),
          );
          return;
        }
        this.#connect();
        resolve();
      });
    });
  }

  #connect(): void {
    const connection = new PeerConnection(this.#world, this.#destination, this.#random, {
      onRoom: () => this.#fill(),
      onLost: (scope) => this.#lost(connection, scope),
    });
    this.#connection = connection;
    if (this.#destination.trouble === 'failing') {
      this.#world.after(this.#random.between(0, 200), () => {
        // With the trouble over, a stop may be on, and nobody could send again what is lost then.
        if (this.#destination.trouble === 'failing') connection.breakOff(this.#random.chance(0.3));
      });
    }
  }

  async reopen(): Promise<void> {}

  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    const records = recordsOf(lines);
    return new Promise((resolve) => {
      if (!this.#connection?.usable) {
        resolve({
          settled: 0,
          refused: [],
          failure: new DeviceFailure('closed', 'Cannot write: not connected'),
        });
        return;
      }
      const aborted = (): void => this.#abandon();
      signal.addEventListener('abort', aborted, { once: true });
      const settle = (outcome: WriteOutcome): void => {
        signal.removeEventListener('abort', aborted);
        this.#write = null;
        resolve(outcome);
      };
      this.#write = { lines, records, settle, sent: 0 };
      this.#fill();
    });
  }

  #fill(): void {
    const write = this.#write;
    const connection = this.#connection;
    if (write === null || connection === null || write.sent === write.records.length) return;
    while (write.sent < write.records.length) {
      const line = write.sent;
      if (!connection.send(write.records[line]!, lineBytes(write.lines, line))) return;
      write.sent++;
    }
    this.#waits.later(() => {
      if (this.#write !== write) return;
      this.#destination.writeEnded(write.records, true);
      write.settle({ settled: write.records.length, refused: [], failure: null });
    });
  }

  #lost(connection: PeerConnection, scope: LostScope): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    const failure = new DeviceFailure(scope === 'recent' ? 'closed' : 'reset', 'The connection ended');
    this.#onLost(scope, failure);
    this.#settleRest(failure);
  }

  /** Of the lines the operating system took, the device may know fewer. */
  #settleRest(failure: DeviceFailure): void {
    const write = this.#write;
    if (write === null) return;
    this.#destination.writeEnded(write.records, false);
    const known = Math.min(write.sent, write.records.length - 1);
    write.settle({ settled: this.#random.whole(0, known), refused: [], failure });
  }

  #abandon(): void {
    const failure = new DeviceFailure('aborted', 'Cannot write: given up');
    this.#connection?.leave(this.#random.chance(0.5));
    this.#connection = null;
    this.#onLost('all', failure);
    this.#settleRest(failure);
  }

  async close(): Promise<void> {
    this.#connection?.leave(false);
    this.#connection = null;
  }

  kill(): void {
    this.#waits.kill();
    this.#write = null;
    this.#connection?.leave(false);
    this.#connection = null;
  }

  vanish(): void {
    this.#connection?.vanish();
    if (this.#connection === null) this.#nobodyAnswers = true;
  }

  breakOff(inOrder: boolean): void {
    this.#connection?.breakOff(inOrder);
  }
}
