import type { LineOptions } from '../format/line-options.ts';
import type { Device, DeviceSettings } from './device.ts';
import type { DeviceClaim } from './device-claim.ts';
import type { OptionProblem, OptionTexts } from './device-kind.ts';
import type { OptionTable } from './option-table.ts';
import type { RemoteLimits } from './remote-limits.ts';

/** A device whose options could be read. */
export interface ReadDevice {
  /** What it keeps for itself; the paths as the operator wrote them, made absolute. */
  readonly claims: readonly DeviceClaim[];
  /** Makes the device; touches nothing outside the process. */
  readonly create: (settings: DeviceSettings) => Device;
  /** As in `ParsedDevice`. */
  readonly faults: () => Promise<readonly OptionProblem[]>;
}

/** What a kind of device adds to the registry. */
export interface RegisteredKind {
  /** The value of the option `type`. */
  readonly type: string;
  /** The options it has beside those of every device. */
  readonly options: OptionTable;
  /**
   * Reads its options and adds what is wrong with them to `problems`; `null` when something is. `line`: for a kind
   * that has to know its own lines again; it may be incomplete when `problems` is not empty. `limits`: those of a
   * device that is enabled through the API; `null` for the operator's own.
   */
  read(
    texts: OptionTexts,
    problems: OptionProblem[],
    line: LineOptions,
    limits: RemoteLimits | null,
  ): ReadDevice | null;
}
