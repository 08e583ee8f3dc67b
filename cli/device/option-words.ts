import { readFileSync } from 'node:fs';
import { reasonOf } from '../../config/file-fault.ts';
import { CommandFailed, UsageRefused } from '../refusals.ts';

/**
 * Reads `key=value` words as `bao audit enable` takes them: `key=@FILE` is the text of a file and `key=-` that of
 * standard input, both without one newline at the end; `key=\@…` starts with an at sign. Throws `UsageRefused` or
 * `CommandFailed`, whose messages never hold a value: it may be a password.
 */
export function readOptionWords(words: readonly string[]): Record<string, string> {
  const options = new Map<string, string>();
  let inputOf: string | null = null;
  for (const [index, word] of words.entries()) {
    const at = word.indexOf('=');
    if (at <= 0) {
      throw new UsageRefused(`Cannot use option ${index + 1} behind the type: wanted key=value`);
    }
    const key = word.slice(0, at);
    const value = word.slice(at + 1);
    if (options.has(key)) throw new UsageRefused(`Cannot use option "${key}" twice`);
    if (value === '-') {
      if (inputOf !== null) {
        throw new UsageRefused(
          `Cannot read option "${key}" from standard input: option "${inputOf}" takes all of it`,
        );
      }
      inputOf = key;
    }
    options.set(key, value);
  }
  // Files are read once all words are known to be right.
  for (const [key, value] of options) options.set(key, meant(key, value));
  return Object.fromEntries(options);
}

function meant(key: string, value: string): string {
  if (value === '-') return textOf(key, 0, 'standard input');
  if (value.startsWith('@')) return textOf(key, value.slice(1), `file "${value.slice(1)}"`);
  return value.startsWith('\\@') ? value.slice(1) : value;
}

function textOf(key: string, source: string | number, name: string): string {
  const failed = (detail: string): CommandFailed =>
    new CommandFailed(`Cannot read option "${key}" from ${name}: ${detail}`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(source);
  } catch (error) {
    throw failed(reasonOf(error));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\n$/, '');
  } catch {
    throw failed('it is not UTF-8 text');
  }
}
