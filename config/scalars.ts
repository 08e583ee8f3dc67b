import { z } from 'zod';
import { parseByteSize } from './byte-size.ts';
import { hasControlCharacter } from './device-path.ts';
import { parseDuration } from './duration.ts';
import { foundButWanted } from './found.ts';
import { Leaf } from './leaf.ts';
import { quoted } from './problem.ts';
import { Refused } from './refused-scalar.ts';
import { suggest } from './suggestion.ts';

/** A scalar that `read` makes something of; `null` from it means "found …, wanted …". */
export function scalar<T>(wanted: string, read: (leaf: Leaf) => T | Refused | null): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const result = value instanceof Leaf ? read(value) : null;
    if (result !== null && !(result instanceof Refused)) return result;
    const message = result instanceof Refused ? result.message : foundButWanted(value, wanted);
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  });
}

/** Any scalar but nothing, in the spelling of the file. */
export const text: z.ZodType<string> = scalar('text', (leaf) => leaf.text);

/** The path of a file or folder; a relative one counts from the working directory. */
export const filePath: z.ZodType<string> = scalar('the path of a file or folder', ({ text }) =>
  text === '' || hasControlCharacter(text) ? null : text,
);

/** A size in bytes from `least` to `most`. */
export function byteSize(least: number, most: number): z.ZodType<number> {
  const wanted = `a size from ${shownSize(least)} to ${shownSize(most)}, such as 64MiB, 10MB or bare bytes`;
  return scalar(wanted, ({ text }) => within(parseByteSize(text), least, most));
}

/** A duration in milliseconds, up to what a timer can wait. */
export const duration: z.ZodType<number> = scalar(
  'a duration such as 250ms, 1m30s or bare seconds, at most 24h',
  ({ text }) => within(parseDuration(text), 0, 24 * 3600 * 1000),
);

/** The same, where less than a second cannot be meant. */
export const longDuration: z.ZodType<number> = scalar(
  'a duration such as 1m30s or bare seconds, from 1s to 24h',
  ({ text }) => within(parseDuration(text), 1000, 24 * 3600 * 1000),
);

export function wholeNumber(least: number, most: number): z.ZodType<number> {
  return scalar(`a whole number from ${least} to ${most}`, ({ text }) =>
    /^\d{1,15}$/.test(text) && String(Number(text)) === text ? within(Number(text), least, most) : null,
  );
}

/** YAML's own two words. Its older `yes` and `on` are texts, and taking them for true would be a guess. */
export const flag: z.ZodType<boolean> = scalar('true or false', ({ text }) =>
  text === 'true' || text === 'false' ? text === 'true' : null,
);

/** The mode bits of a file, written in octal and in quotes. */
export const fileMode: z.ZodType<number> = scalar('a file mode in quotes, such as "0640"', (leaf) => {
  const octal = /^0?[0-7]{3}$/.test(leaf.text);
  if (leaf.kind === 'number') {
    return octal
      ? new Refused(
          `found ${leaf.text} without quotes, wanted ${quoted(leaf.text.padStart(4, '0'))}: YAML takes ${leaf.text} for another number`,
        )
      : null;
  }
  return octal ? Number.parseInt(leaf.text, 8) : null;
});

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): z.ZodType<Word> {
  const wanted = words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return scalar(wanted, (leaf) => {
    const match = words.find((word) => word === leaf.text);
    if (match !== undefined) return match;
    const meant = leaf.secret ? null : suggest(leaf.text, words);
    return meant === null ? null : new Refused(`${foundButWanted(leaf, wanted)}: did you mean "${meant}"?`);
  });
}

function within(value: number | null, least: number, most: number): number | null {
  return value !== null && value >= least && value <= most ? value : null;
}

function shownSize(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}`;
}
