import type { LineOptions } from '../format/line-options.ts';
import type { Device, DeviceSettings } from './device.ts';
import type { DeviceClaim } from './device-claim.ts';

/** Option values as an operator wrote them: the configuration file and the API turn numbers and booleans into text. */
export type OptionTexts = Readonly<Record<string, string>>;

/** Options every kind has that concern its lane. */
export interface LaneOptions {
  /** Milliseconds from a record's arrival until its outcome on this device is late; 0 waits without end. */
  readonly writeTimeoutMs: number;
  /** Bytes of lines that may wait; what arrives beyond is dropped for this device and counted. */
  readonly queueBytes: number;
  /** Enabled without writing the test record first. Only the API writes one. */
  readonly skipTest: boolean;
}

/** A device's options, parsed once and frozen. */
export interface ParsedDevice {
  readonly type: string;
  readonly line: LineOptions;
  readonly lane: LaneOptions;
  readonly claims: readonly DeviceClaim[];
  /** Makes the device; touches nothing outside the process. */
  create(settings: DeviceSettings): Device;
  /**
   * Why it could not be opened as things are now, as far as that can be told without opening, making or connecting to
   * anything: files that it reads are read.
   */
  faults(): Promise<readonly OptionProblem[]>;
}

/** One option that cannot be used. `option` names it; the message says what was found and what is wanted. */
export interface OptionProblem {
  readonly option: string;
  readonly message: string;
  /** What is wanted. Present where the message repeats OpenBao's words, which do not say it. */
  readonly hint?: string;
}

/** The options of one device cannot be used; carries every problem, not the first alone. */
export class OptionsRefused extends Error {
  override readonly name = 'OptionsRefused';
  readonly problems: readonly OptionProblem[];

  constructor(problems: readonly OptionProblem[]) {
    super(problems.map((problem) => problem.message).join('; '));
    this.problems = problems;
  }
}
