import { hasControlCharacter } from '../config/device-path.ts';
import { parseGoBoolean } from '../config/go-boolean.ts';
import { longestPrefixBytes } from '../format/formatter.ts';
import type { LineOptions } from '../format/line-options.ts';
import type { OptionProblem, OptionTexts } from './device-kind.ts';
import { type Option, oneOf, readOptions } from './option-table.ts';

/** FORMAT.md's options, which shape the line of every kind of device. */
const table = {
  format: {
    default: 'json',
    wanted: '"json" or "jsonx"',
    effect: 'the line is the record as it came, or the same as one line of XML',
    parse: oneOf('json', 'jsonx'),
    refusal: (text) => `unknown format type "${text}"`,
  } as Option<'json' | 'jsonx'>,
  jsonx_fragment: flag('false', 'with `format=jsonx`: no root element and no namespace, as Vault writes it'),
  hmac_accessor: flag('true', '`false` leaves the accessors outside `data` readable'),
  log_raw: flag('false', '**nothing is hashed** but the audited headers that ask for it'),
  elide_list_responses: flag(
    'false',
    'in responses to `list`, `keys` and `key_info` become their number of elements',
  ),
  hash_timestamps: flag(
    'false',
    'timestamps inside `data` are hashed too: their fraction digits can carry a secret',
  ),
  hash_numbers: {
    default: null,
    wanted: '"true" or "false"',
    effect:
      'numbers in `data` and `request.query` are hashed too; with the profile `api`, all that are not at a readable path. Left out: with `api` they are',
    parse: (text) => parseGoBoolean(text) ?? undefined,
  } as Option<boolean | null>,
  prefix: {
    default: '',
    wanted: `text of at most ${longestPrefixBytes / 1024} KiB without a line break or any other control character`,
    effect: 'written as it is before each line',
    parse: (text) =>
      Buffer.byteLength(text) > longestPrefixBytes || hasControlCharacter(text) ? undefined : text,
  } as Option<string>,
} as const;

/** The declarations, for the documentation and for whoever lists a type's options. */
export const lineOptionTable: Readonly<Record<string, Option<unknown>>> = table;

/** The line options among `texts`; problems are added to `problems`. */
export function readLineOptions(texts: OptionTexts, problems: OptionProblem[]): LineOptions {
  const values = readOptions(table, texts, problems, null);
  if (values.jsonx_fragment && values.format === 'json') {
    problems.push({
      option: 'jsonx_fragment',
      message: 'Option "jsonx_fragment" has no meaning here: wanted "format" to be "jsonx"',
    });
  }
  return Object.freeze({
    format: values.format,
    jsonxFragment: values.jsonx_fragment,
    hmacAccessor: values.hmac_accessor,
    logRaw: values.log_raw,
    elideListResponses: values.elide_list_responses,
    hashTimestamps: values.hash_timestamps,
    hashNumbers: values.hash_numbers ?? 'by_profile',
    prefix: values.prefix,
  });
}

function flag(byDefault: 'true' | 'false', effect: string): Option<boolean> {
  return {
    default: byDefault,
    wanted: '"true" or "false"',
    effect,
    parse: (text) => parseGoBoolean(text) ?? undefined,
  };
}
