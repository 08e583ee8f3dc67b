import type { Lines } from '../format/lines.ts';
import { type Device, DeviceFailure, type DeviceSettings, type WriteOutcome } from './device.ts';
import type { Connection, Transport } from './transport/transport.ts';

/** Turns a batch's lines into what goes over the wire; an empty frame for a line that is too large. */
export type Framer = (lines: Lines) => Lines;

/** A device that sends each line as one message to a peer: `socket` and `syslog` differ in their framer. */
export class FramedDevice implements Device {
  readonly tailBytes: number;
  readonly #transport: Transport;
  readonly #frame: Framer;
  readonly #settings: DeviceSettings;
  #connection: Connection | null = null;
  #closed = false;

  constructor(transport: Transport, frame: Framer, settings: DeviceSettings) {
    this.#transport = transport;
    this.#frame = frame;
    this.#settings = settings;
    this.tailBytes = transport.tailBytes;
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.#connection?.isUsable()) return;
    await this.#connect(signal);
  }

  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    if (this.#connection !== null) return this.#connection.write(this.#frame(lines), signal);
    const failure = new DeviceFailure('closed', 'Cannot write: the device is not open');
    return Promise.resolve({ settled: 0, refused: [], failure });
  }

  /**
   * A rotation concerns files. Connecting anew would hand a peer that stopped reading fresh buffers to fill, and call
   * what goes into them recorded.
   */
  reopen(): Promise<void> {
    return Promise.resolve();
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#closed = true;
    await this.#connection?.close(signal);
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const fresh = await this.#transport.connect(signal, this.#settings.onLost);
    // Nothing was sent over it that anybody would have to get.
    if (this.#closed) await fresh.close(AbortSignal.abort());
    else this.#connection = fresh;
  }
}
