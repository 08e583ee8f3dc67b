import type { Device, WriteOutcome } from '../../devices/device.ts';
import type { Lines } from '../../format/lines.ts';
import type { World } from './world.ts';

/** A device that also checks that its lane keeps the contract in devices/device.ts. */
export class ContractWatch implements Device {
  readonly tailBytes: number;
  readonly #device: Device;
  readonly #world: World;
  readonly #path: string;
  #state: 'unopened' | 'open' | 'to_open' | 'closed' = 'unopened';
  #busy: string | null = null;

  constructor(device: Device, world: World, path: string) {
    this.tailBytes = device.tailBytes;
    this.#device = device;
    this.#world = world;
    this.#path = path;
  }

  async open(signal: AbortSignal): Promise<void> {
    this.#begin('open');
    try {
      await this.#device.open(signal);
      if (this.#state !== 'closed') this.#state = 'open';
      this.#world.event(this.#path, 'opened');
    } finally {
      this.#busy = null;
    }
  }

  async write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    this.#begin('write');
    if (this.#state !== 'open') this.#broken('write on a device that is not open');
    if (lines.ends.length === 0) this.#broken('write of no lines');
    if (lines.ends.at(-1) !== lines.bytes.length) this.#broken('lines that end before their bytes');
    for (let line = 0, start = 0; line < lines.ends.length; line++) {
      if (lines.ends[line] === start) this.#broken('an empty line');
      start = lines.ends[line]!;
    }
    const outcome = await this.#device.write(lines, signal);
    this.#busy = null;
    if (outcome.failure !== null && this.#state === 'open') this.#state = 'to_open';
    this.#world.event(
      this.#path,
      `wrote of ${lines.ends.length}: ${outcome.failure?.reason}`,
      outcome.settled,
    );
    return outcome;
  }

  async reopen(signal: AbortSignal): Promise<void> {
    this.#begin('reopen');
    try {
      await this.#device.reopen(signal);
    } finally {
      this.#busy = null;
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    if (this.#state === 'closed') this.#broken('closed twice');
    this.#state = 'closed';
    await this.#device.close(signal);
  }

  #begin(call: string): void {
    if (this.#busy !== null) this.#broken(`${call} during ${this.#busy}`);
    if (this.#state === 'closed') this.#broken(`${call} after close`);
    this.#busy = call;
  }

  #broken(what: string): void {
    this.#world.violated('device contract', `${what} on ${this.#path}`);
  }
}
