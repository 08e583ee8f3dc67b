import { parseGoBoolean } from '../config/go-boolean.ts';
import { UsageRefused } from './refusals.ts';

/** Every switch of every command. What no command declares is yargs' own. */
const names = new Set(['help', 'h', 'version']);

interface Switch<Absent> {
  readonly type: 'boolean';
  readonly describe: string;
  readonly default: Absent;
}

/**
 * An option that is given or not, for yargs' `options`. Made when a command's module is loaded, before any words are
 * read. `absent`: what it is when it is not given.
 */
export function switchOption<Name extends string, Absent extends false | undefined>(
  name: Name,
  absent: Absent,
  describe: string,
): Readonly<Record<Name, Switch<Absent>>> {
  names.add(name);
  return { [name]: { type: 'boolean', default: absent, describe } } as Record<Name, Switch<Absent>>;
}

/**
 * The word, with the value of a switch as yargs reads it: it takes everything but `true` for false, and `--hmac=yes`
 * would leave a header readable. Throws `UsageRefused` for what is neither true nor false.
 */
export function spelledOut(word: string): string {
  const [, dashes, name, value] = /^(--?)([a-z-]+)=(.*)$/s.exec(word) ?? [];
  if (name === undefined || value === undefined || !names.has(name)) return word;
  const on = parseGoBoolean(value);
  if (on === null) throw new UsageRefused(`Option "${dashes}${name}" wants true or false`);
  return `${dashes}${name}=${on}`;
}
