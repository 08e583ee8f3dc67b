import { andMore, firstOf } from './and-more.ts';
import type { ConfigProblem } from './config.ts';
import { withoutCredentials } from './hidden-credentials.ts';

/** The way from the top of a configuration to a value: keys and list indexes. */
export type ConfigPath = readonly (string | number)[];

/** Problems that are told; a file with more is most likely no configuration. */
const mostTold = 100;

/** The configuration cannot be used; carries the problems found, in the order of the file, and how many more there are. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const { first, more } = firstOf(problems, mostTold);
    const next = problems[mostTold];
    const told = next === undefined ? first : [...first, { ...next, key: '', message: andMore(more) }];
    super(formatProblems(told));
    this.problems = told;
  }
}

/** One line each: `FILE:LINE:COLUMN: KEY: message`, without the key where the file as a whole is meant. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ file, line, column, key, message }) => {
      const place = `${file}:${line}:${column}`;
      return key === '' ? `${place}: ${message}` : `${place}: ${key}: ${message}`;
    })
    .join('\n');
}

/** `devices.siem/.options.framing`, `listeners[0].mode`. */
export function keyOf(path: ConfigPath): string {
  let key = '';
  for (const step of path) {
    if (typeof step === 'number') key += `[${step}]`;
    else key += key === '' ? shortened(step) : `.${shortened(step)}`;
  }
  return key;
}

/** A found value in quotes, on one line and no longer than a reader needs to recognise it. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

const longestShown = 60;

function shortened(text: string): string {
  const shown = withoutCredentials(text);
  return shown.length > longestShown ? `${shown.slice(0, longestShown)}…` : shown;
}
