import {
  type Device,
  DeviceFailure,
  type DeviceSettings,
  type LostScope,
  type WriteOutcome,
} from '../../../devices/device.ts';
import type { Lines } from '../../../format/lines.ts';
import { recordsOf } from '../../simulation/record-line.ts';

interface Call<Result> {
  readonly signal: AbortSignal;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

type Awaited =
  | ({ readonly kind: 'open' | 'reopen' } & Call<void>)
  | ({ readonly kind: 'write'; readonly lines: Lines } & Call<WriteOutcome>);

/** A device whose calls end when and as the test says. */
export class HandDevice implements Device {
  readonly tailBytes: number;
  readonly onLost: DeviceSettings['onLost'];
  /** The numbers of the records of each write so far. */
  readonly writes: number[][] = [];
  opened = 0;
  closed = 0;
  #call: Awaited | null = null;

  constructor(tailBytes: number, onLost: DeviceSettings['onLost']) {
    this.tailBytes = tailBytes;
    this.onLost = onLost;
  }

  /** The call that waits for its end. */
  get busyWith(): 'open' | 'reopen' | 'write' | null {
    return this.#call?.kind ?? null;
  }

  /** Whether the call under way was given up. */
  get aborted(): boolean {
    return this.#call?.signal.aborted ?? false;
  }

  open(signal: AbortSignal): Promise<void> {
    this.opened++;
    return this.#begin((call) => ({ kind: 'open', signal, ...call }));
  }

  reopen(signal: AbortSignal): Promise<void> {
    return this.#begin((call) => ({ kind: 'reopen', signal, ...call }));
  }

  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    this.writes.push(recordsOf(lines));
    return this.#begin((call) => ({ kind: 'write', lines, signal, ...call }));
  }

  #begin<Result>(make: (call: Omit<Call<Result>, 'signal'>) => Awaited): Promise<Result> {
    if (this.#call !== null) throw new Error('Two calls at once');
    return new Promise((resolve, reject) => {
      this.#call = make({ resolve, reject });
    });
  }

  #end(): Awaited {
    const call = this.#call;
    if (call === null) throw new Error('No call is under way');
    this.#call = null;
    return call;
  }

  /** The opening or reopening under way succeeds. */
  succeed(): void {
    const call = this.#end();
    if (call.kind === 'write') throw new Error('A write is under way');
    call.resolve();
  }

  /** The opening or reopening under way fails. */
  fail(error: unknown = failure()): void {
    this.#end().reject(error);
  }

  /** The write under way ends: well, or after the first `settled` lines. */
  wrote(outcome: Partial<WriteOutcome> = {}): void {
    const call = this.#end();
    if (call.kind !== 'write') throw new Error('No write is under way');
    call.resolve({ settled: call.lines.ends.length, refused: [], failure: null, ...outcome });
  }

  /** The connection breaks or ends on its own. */
  lose(scope: LostScope): void {
    this.onLost(scope, failure('reset'));
  }

  async close(_signal: AbortSignal): Promise<void> {
    this.closed++;
  }
}

export function failure(reason: DeviceFailure['reason'] = 'io'): DeviceFailure {
  return new DeviceFailure(reason, `Cannot go on: ${reason}`);
}
