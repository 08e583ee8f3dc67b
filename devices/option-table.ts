import path from 'node:path';
import { andMore, firstOf } from '../config/and-more.ts';
import { hidden, withoutCredentials } from '../config/hidden-credentials.ts';
import { suggest } from '../config/suggestion.ts';
import type { OptionProblem, OptionTexts } from './device-kind.ts';
import type { FileToRead } from './file-to-read.ts';
import { type RemoteLimits, rootsOf } from './remote-limits.ts';

/** One option: how it is spelt, read and explained. The tables in docs/devices.md hold the same words. */
export interface Option<Value> {
  /** The default as an operator would write it; `null` when leaving the option out has a meaning of its own. */
  readonly default: string | null;
  /** The device cannot do without it. */
  readonly required?: true;
  /** A name from earlier days that still works. */
  readonly formerly?: string;
  /** The value may be a password or a token: messages do not quote it, and lists of devices show it as `shown` does. */
  readonly confidential?: true;
  /** What may be shown of a confidential text; without this, nothing. */
  readonly shown?: (text: string) => string;
  /**
   * The option names a file that the device reads; its value is a `FileToRead`. Through the API that file has to lie
   * below a root, when the option is read and each time the file is.
   */
  readonly readsFile?: true;
  /** The values it takes, as a message would ask for them: `"tcp", "udp" or "unix"`. */
  readonly wanted: string;
  /** What it means and what follows from it. */
  readonly effect: string;
  /** The message that refuses a text, where clients of OpenBao's API know its words; `null` for the usual message. */
  readonly refusal?: (text: string) => string | null;
  /** The value behind a text, or `undefined` when the text cannot be used. */
  readonly parse: (text: string) => Value | undefined;
}

/** By option name. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What reading a table yields. An option that may be left out without a default has `null` among its values. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Value> ? Value : never;
};

/**
 * The values of every option in `table`. What cannot be used is added to `problems`; then the values are not
 * complete and must not be used. `limits` are those of a device enabled through the API, `null` for the operator's.
 */
export function readOptions<Table extends OptionTable>(
  table: Table,
  texts: OptionTexts,
  problems: OptionProblem[],
  limits: RemoteLimits | null,
): OptionValues<Table> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    values[name] = readOption(name, option, texts, problems, limits);
  }
  return Object.freeze(values) as OptionValues<Table>;
}

function readOption(
  name: string,
  option: Option<unknown>,
  texts: OptionTexts,
  problems: OptionProblem[],
  limits: RemoteLimits | null,
): unknown {
  const given = spelledOut(name, option, texts, problems);
  if (given === undefined && option.default === null) {
    if (option.required) {
      problems.push({ option: name, message: `${name} is required`, hint: `wanted ${option.wanted}` });
    }
    return null;
  }
  const text = given ?? option.default!;
  const value = option.parse(text);
  const refusal = value === undefined ? option.refusal?.(shortened(text)) : undefined;
  if (typeof refusal === 'string') {
    problems.push({ option: name, message: refusal, hint: `wanted ${option.wanted}` });
  } else if (value === undefined) {
    const found = option.confidential ? '' : ` value "${shortened(text)}"`;
    problems.push({
      option: name,
      message: `Cannot use option "${name}"${found}: wanted ${option.wanted}`,
    });
  }
  if (option.readsFile && value !== undefined && limits !== null) {
    const file = value as FileToRead;
    return Object.freeze({ ...file, roots: rootsOf(name, path.resolve(file.path), limits, problems) });
  }
  return value;
}

/** An option that names a file in PEM which the device reads. */
export function pemFile(effect: string): Option<FileToRead | null> {
  return {
    default: null,
    readsFile: true,
    wanted: 'the path of a file in PEM',
    effect,
    parse: (text) =>
      text === '' || text.includes('\0') ? undefined : Object.freeze({ path: text, roots: null }),
  };
}

function spelledOut(
  name: string,
  option: Option<unknown>,
  texts: OptionTexts,
  problems: OptionProblem[],
): string | undefined {
  const former = option.formerly === undefined ? undefined : texts[option.formerly];
  if (texts[name] !== undefined && former !== undefined) {
    problems.push({
      option: option.formerly!,
      message: `Option "${option.formerly}" is the old name of "${name}": wanted one of the two`,
    });
  }
  return texts[name] ?? former;
}

/** Unknown options that are told one by one. */
const mostTold = 10;

/** Adds a problem for each option that no table knows, and one for those that are too many to be told. */
export function refuseUnknownOptions(
  type: string,
  tables: readonly OptionTable[],
  texts: OptionTexts,
  problems: OptionProblem[],
): void {
  const known = tables.flatMap((table) => Object.keys(table));
  const former = tables.flatMap((table) => Object.values(table).map((option) => option.formerly));
  const unknown = Object.keys(texts).filter((name) => !known.includes(name) && !former.includes(name));
  const { first, more } = firstOf(unknown, mostTold);
  for (const name of first) {
    const meant = suggest(name, known);
    problems.push({
      option: name,
      message:
        `Unknown option "${shortened(name)}": ` +
        `${meant === null ? '' : `did you mean "${meant}"? `}type "${type}" has ${known.join(', ')}`,
    });
  }
  if (more > 0) problems.push({ option: unknown[mostTold]!, message: andMore(more) });
}

/** The options of a device as anybody who may list devices sees them. */
export function shownOptions(table: OptionTable, texts: OptionTexts): Record<string, string> {
  const options = new Map(Object.entries(table));
  for (const option of Object.values(table)) if (option.formerly) options.set(option.formerly, option);
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const option = options.get(name);
      return [name, option?.confidential ? (option.shown?.(text) ?? hidden) : text];
    }),
  );
}

/** A file's content, or a password, that was given for an option by mistake should not come back in a message. */
export function shortened(text: string): string {
  const shown = withoutCredentials(text);
  return shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
}

/** A parser of one of several words. */
export function oneOf<Word extends string>(...words: Word[]): (text: string) => Word | undefined {
  return (text) => words.find((word) => word === text);
}

/** `"a", "b" or "c"`, for an option's `wanted`. */
export function alternatives(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
