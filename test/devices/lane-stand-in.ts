import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { TestContext } from 'node:test';
import { systemClock } from '../../daemon/clock.ts';
import {
  type Device,
  type DeviceClock,
  DeviceFailure,
  type LostLines,
  type LostScope,
  type WriteOutcome,
} from '../../devices/device.ts';
import type { OptionTexts } from '../../devices/device-kind.ts';
import { parseDevice } from '../../devices/registry.ts';
import { type Lines, sliceLines } from '../../format/lines.ts';
import { waitFor } from '../support/wait-for.ts';
import { recordMarker } from './batches.ts';

/** Calls a device as a lane does, and checks what must hold of every answer. */
export class LaneStandIn {
  readonly device: Device;
  readonly lost: { readonly scope: LostScope | LostLines; readonly failure: DeviceFailure }[] = [];
  readonly troubles: DeviceFailure[] = [];
  readonly failures: DeviceFailure[] = [];
  readonly #opened: AbortController = new AbortController();

  /** Closes the device when the test ends. `clock` is that of the device which `type` and `options` make. */
  constructor(
    test: TestContext,
    type: string,
    options: OptionTexts,
    device?: Device,
    clock: DeviceClock = systemClock,
  ) {
    this.device =
      device ??
      parseDevice(type, options).create({
        path: 'tested/',
        clock,
        onLost: (scope, failure) => this.lost.push({ scope, failure: this.checked(failure) }),
        onTrouble: (trouble) => this.troubles.push(this.checked(trouble)),
        peerBounds: null,
      });
    test.after(async () => {
      this.#opened.abort();
      await this.device.close(AbortSignal.abort());
    });
  }

  async open(): Promise<void> {
    try {
      await this.device.open(this.#opened.signal);
    } catch (error) {
      throw this.checked(error);
    }
  }

  /** The failure with which the next open is refused. */
  async openFailure(): Promise<DeviceFailure> {
    try {
      await this.open();
    } catch (error) {
      return this.checked(error);
    }
    throw new Error('The device opened');
  }

  async write(lines: Lines, signal: AbortSignal = new AbortController().signal): Promise<WriteOutcome> {
    const listeners = getEventListeners(signal, 'abort').length;
    const outcome = await this.device.write(lines, signal);
    // A lane has one signal for many writes.
    assert.equal(getEventListeners(signal, 'abort').length, listeners);
    assert.ok(outcome.settled >= 0 && outcome.settled <= lines.ends.length);
    assert.equal(outcome.failure === null, outcome.settled === lines.ends.length);
    assert.ok(outcome.refused.every((index) => index < outcome.settled));
    assert.deepEqual(
      outcome.refused,
      [...outcome.refused].sort((one, other) => one - other),
    );
    if (outcome.failure !== null) this.checked(outcome.failure);
    return outcome;
  }

  /** Opens and writes until every line is settled, as a lane that sends the rest again. */
  async deliver(lines: Lines): Promise<void> {
    let rest = lines;
    await waitFor('every line is settled', async () => {
      try {
        await this.open();
      } catch {
        return false;
      }
      const outcome = await this.write(rest);
      assert.deepEqual(outcome.refused, []);
      rest = sliceLines(rest, outcome.settled, rest.ends.length);
      return rest.ends.length === 0;
    });
  }

  /** A failure may be logged and shown: it must be one of ours and carry nothing of a record. */
  checked(error: unknown): DeviceFailure {
    assert.ok(error instanceof DeviceFailure, `${String(error)} is no DeviceFailure`);
    assert.ok(!`${error.message}${error.stack}${String(error.cause)}`.includes(recordMarker));
    assert.doesNotMatch(error.message, /\.$/);
    this.failures.push(error);
    return error;
  }
}
