import type { Lines } from '../format/lines.ts';
import type { PeerBounds } from './peer-bounds.ts';

/**
 * A device pushes whole lines to one destination. It owns nothing else: queue, deadline, retry, state and
 * metrics are the lane's, which calls it under these rules:
 *
 * - `open`, `write` and `reopen` never overlap: the next call comes after the previous promise settled.
 * - `open` comes first, and again after every `write` whose outcome has a failure. It is idempotent: on a device
 *   that is still usable it does nothing.
 * - `close` comes last and once; it may come while another call is under way, after that call's signal was aborted.
 *   What a peer may not have got by then is told through `onLost`, before it resolves. It always resolves: once its
 *   signal is aborted it waits for no peer any more, only for the operating system.
 * - On abort a device destroys its connection and settles soon, so that an old write can never interleave with a
 *   new one. Where the operating system cannot cancel (a file on a hung disk), the promise settles when the
 *   call returns, and not before.
 *
 * A line is written whole or not at all as far as any reader of the destination can tell: after a short write the
 * device cuts back, or gives the connection up, before it writes again.
 */
export interface Device {
  /**
   * How many bytes that were reported recorded may still be lost when the peer goes away: what the buffers of both
   * operating systems can hold. 0 for a file. The lane keeps that much to send again after `lost`.
   */
  readonly tailBytes: number;

  /** Makes the destination ready. Rejects with a `DeviceFailure`; a `permanent` one is not worth trying again. */
  open(signal: AbortSignal): Promise<void>;

  /** Writes the lines in order. Resolves with what became of them; it does not reject. Empty lines do not occur. */
  write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome>;

  /** Follows a rotation: opens a file anew before it lets go of the old one; does nothing for a connection. */
  reopen(signal: AbortSignal): Promise<void>;

  /** `signal`: how long a peer may take to get what was reported recorded. */
  close(signal: AbortSignal): Promise<void>;
}

/** What became of the lines of one write. */
export interface WriteOutcome {
  /** How many lines from the start are settled: recorded, or refused (below). The lane sends the rest again. */
  readonly settled: number;
  /** Indexes below `settled` of lines this destination can never take, in ascending order: reason `too_large`. */
  readonly refused: readonly number[];
  /** Why it stopped before the last line; `null` exactly when `settled` is the number of lines. */
  readonly failure: DeviceFailure | null;
}

/** Why a device could not open or write. The closed set is also the metric label `reason`. */
export const failureReasons = [
  'aborted', // the lane gave up: stop, disable, or no progress for too long
  'closed', // the peer ended the connection
  'reset', // the peer or the network broke the connection
  'refused', // nobody listens there
  'unreachable', // no route, host down, name not known
  'timeout', // the operating system gave up
  'tls', // handshake or certificate
  'rejected', // an HTTP peer answered with a status other than 2xx
  'no_space', // disk or quota full
  'permission', // not allowed
  'not_found', // a folder or socket file that should be there is not
  'unsuitable', // a directory, FIFO or device node where a file should be; an option the machine cannot serve
  'io', // anything else the operating system said
] as const;
export type FailureReason = (typeof failureReasons)[number];

/** Carries no record content: the message may be logged and shown. */
export class DeviceFailure extends Error {
  override readonly name = 'DeviceFailure';
  readonly reason: FailureReason;
  /** Waiting does not help: an operator has to change something. Without it the daemon starts only if the others suffice. */
  readonly permanent: boolean;

  constructor(
    reason: FailureReason,
    message: string,
    options: { permanent?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.permanent = options.permanent ?? false;
  }
}

/**
 * How much of what was reported recorded may be gone:
 * `recent`: the peer closed in order (FIN), so it had read all but what was on its way: lines of the last seconds;
 * `all`: the connection broke, so everything in `tailBytes` is in doubt;
 * a number: so many of the last bytes sent at most, framing included, without those of the write under way.
 */
export type LostScope = 'recent' | 'all' | number;

/** So many lines that were reported recorded are nowhere, and never will be. Told when the device closes. */
export interface LostLines {
  readonly lines: number;
}

/** Time and timers from outside, so that no test has to wait. */
export interface DeviceClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back once after `ms`; returns what cancels it. Cancelling twice, or after the call, does nothing. */
  setTimer(ms: number, callback: () => void): () => void;
  /** Wall-clock milliseconds since 1970. */
  wallTime(): number;
}

/** What the lane injects into a device, as opposed to the options that an operator writes. */
export interface DeviceSettings {
  /** The path the device is known by, with its trailing slash. */
  readonly path: string;
  /**
   * Called when a connection ends on its own, once per connection, also in the midst of a `write` (before it settles),
   * and when it is closed, or given up on abort, before the peer is known to have all; also when a file is gone and cannot be
   * made anew.
   */
  readonly onLost: (scope: LostScope | LostLines, failure: DeviceFailure) => void;
  /** Called when the device can go on, but somebody should look: once until that is over. */
  readonly onTrouble: (trouble: DeviceFailure) => void;
  readonly clock: DeviceClock;
  /** Where the device may connect; `null` for the operator's own, which may connect anywhere. */
  readonly peerBounds: PeerBounds | null;
}
