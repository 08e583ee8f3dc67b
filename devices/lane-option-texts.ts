import { parseByteSize } from '../config/byte-size.ts';
import { parseDuration } from '../config/duration.ts';
import { parseGoBoolean } from '../config/go-boolean.ts';
import type { LaneOptions, OptionProblem, OptionTexts } from './device-kind.ts';
import { type Option, readOptions } from './option-table.ts';

/** Options of every kind of device that concern its lane. */
const table = {
  write_timeout: {
    default: '2s',
    wanted: 'a duration such as "500ms", "2s" or "0"',
    effect:
      'a record that is not on this device after so long is late: its reply no longer waits for it, but it is delivered when the device takes it; `0` waits without end',
    parse: (text) => parseDuration(text) ?? undefined,
  } as Option<number>,
  queue_bytes: {
    default: '64MiB',
    wanted: 'a size such as "64MiB"',
    effect: 'bytes of lines that may wait for this device; what arrives beyond is dropped here and counted',
    parse: (text) => {
      const bytes = parseByteSize(text);
      return bytes === null || bytes === 0 ? undefined : bytes;
    },
  } as Option<number>,
  skip_test: {
    default: 'false',
    wanted: '"true" or "false"',
    effect: 'enabling the device over the API does not write a test record first',
    parse: (text) => parseGoBoolean(text) ?? undefined,
  } as Option<boolean>,
} as const;

/** The declarations, for the documentation and for whoever lists a type's options. */
export const laneOptionTable: Readonly<Record<string, Option<unknown>>> = table;

/** The lane options among `texts`; problems are added to `problems`. */
export function readLaneOptions(texts: OptionTexts, problems: OptionProblem[]): LaneOptions {
  const values = readOptions(table, texts, problems, null);
  return Object.freeze({
    writeTimeoutMs: values.write_timeout,
    queueBytes: values.queue_bytes,
    skipTest: values.skip_test,
  });
}
