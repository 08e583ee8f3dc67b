import type { Lines } from '../../format/lines.ts';
import type { DeviceFailure, LostScope, WriteOutcome } from '../device.ts';

/** How a connection that ended on its own is reported (`DeviceSettings.onLost`). */
export type ReportLost = (scope: LostScope, failure: DeviceFailure) => void;

/** One way to reach a peer. */
export interface Transport {
  /** What both operating systems may hold of lines that were reported recorded (`Device.tailBytes`). */
  readonly tailBytes: number;
  /** A connection that is ready for frames. Rejects with a `DeviceFailure`. */
  connect(signal: AbortSignal, onLost: ReportLost): Promise<Connection>;
}

/**
 * A connection, or what stands for one where the protocol has none. A failed write ends it, and so does an aborted one where it
 * may have sent half a frame. An empty frame
 * stands for a line that is too large for this destination: it is not sent, and reported among the refused.
 */
export interface Connection {
  isUsable(): boolean;
  /** Sends the frames in order; never rejects. For datagrams each frame ends in a newline, which is not sent. */
  write(frames: Lines, signal: AbortSignal): Promise<WriteOutcome>;
  /** Ends it, in order when no write is under way. Waits for the peer until `signal` is aborted (`Device.close`). */
  close(signal: AbortSignal): Promise<void>;
}

/** The frames of a batch that stand for lines that are too large, in ascending order. */
export function emptyFrames(frames: Lines): number[] {
  const found: number[] = [];
  let start = 0;
  for (let index = 0; index < frames.ends.length; index++) {
    const end = frames.ends[index]!;
    if (end === start) found.push(index);
    start = end;
  }
  return found;
}
