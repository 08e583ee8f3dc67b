import type { DeviceFailure, LostScope } from '../../devices/device.ts';

/**
 * What a writer is doing:
 * `idle`: nothing, because there is no reason to or the lane is closed;
 * `due`: it is to write, and comes to it when the device is free;
 * `opening` and `writing`: it waits for the device;
 * `pausing`: an attempt failed, the next one comes after a while.
 */
export type WriterState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'due' }
  | Opening
  | Writing
  | { readonly kind: 'pausing'; readonly cancel: () => void };

export const idle: WriterState = Object.freeze({ kind: 'idle' });
export const due: WriterState = Object.freeze({ kind: 'due' });

/** An opening under way. */
export interface Opening {
  readonly kind: 'opening';
  /** Monotonic milliseconds. */
  readonly since: number;
  /** Why the connection ended before it was known to be open. */
  ended: DeviceFailure | null;
}

/** A write under way. */
export interface Writing {
  readonly kind: 'writing';
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly bytes: number;
  timedOut: boolean;
  /** The connection broke meanwhile. */
  lost: LostScope | null;
}

export function opening(now: number): Opening {
  return { kind: 'opening', since: now, ended: null };
}

export function writing(bytes: number, now: number): Writing {
  return { kind: 'writing', since: now, bytes, timedOut: false, lost: null };
}

/**
 * A write that has not ended after this time and a second per `slowestBytesPerSecond` is on a connection that will
 * not come back (a host that vanished without a word); it is given up and the records are sent on a new one. Long,
 * because giving up on a peer that only paused tears the line it had half received.
 */
const stalledWriteMs = 120_000;
const slowestBytesPerSecond = 10_000;

/** A connection that is not made after this time never will be: a peer that accepts it and then says nothing. */
const stalledOpenMs = 30_000;

/** Whether the call has taken so long that it will never end. */
export function isStalled(call: Opening | Writing, now: number): boolean {
  const patience =
    call.kind === 'opening' ? stalledOpenMs : stalledWriteMs + (call.bytes / slowestBytesPerSecond) * 1_000;
  return now - call.since > patience;
}
