import type { Lines } from '../../format/lines.ts';
import type { Device, WriteOutcome } from '../device.ts';

/** Takes every line and keeps none: for measuring, and for trying out what a listener accepts. */
export class DiscardDevice implements Device {
  readonly tailBytes = 0;

  async open(): Promise<void> {}

  async write(lines: Lines): Promise<WriteOutcome> {
    return { settled: lines.ends.length, refused: [], failure: null };
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {}
}
