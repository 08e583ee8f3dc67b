import { z } from 'zod';
import { described, foundButWanted } from './found.ts';
import { Leaf } from './leaf.ts';
import { quoted } from './problem.ts';
import { suggest } from './suggestion.ts';

/** A leaf is an object to zod, and would pass for a map without keys. */
function notScalar<T>(map: z.ZodType<T>): z.ZodType<T> {
  return z.preprocess((value) => (value instanceof Leaf ? described(value) : value), map);
}

/** A map with the keys of `shape` and no others: each unknown one is a problem at its own place. */
export function section<Shape extends z.ZodRawShape>(shape: Shape): z.ZodType<z.output<z.ZodObject<Shape>>> {
  const known = Object.keys(shape);
  const unknownKey = z.custom<never>(() => false, {
    error: (issue) => unknownKeyMessage(String(issue.path?.at(-1)), known),
  });
  const wanted = `a map with the keys ${known.join(', ')}`;
  const map = z.object(shape, { error: (issue) => foundButWanted(issue.input, wanted) }).catchall(unknownKey);
  return notScalar(map as unknown as z.ZodType<z.output<z.ZodObject<Shape>>>);
}

/** As a section or map whose entries all have defaults: left empty, it is one without entries. */
export function orEmpty<T>(map: z.ZodType<T>): z.ZodType<T> {
  return z.preprocess((value) => (value === null ? {} : value), map);
}

export function list<T>(wanted: string, each: z.ZodType<T>): z.ZodType<T[]> {
  return z.array(each, { error: (issue) => foundButWanted(issue.input, wanted) });
}

/** A map whose keys the operator chooses. */
export function mapOf<T>(wanted: string, each: z.ZodType<T>): z.ZodType<Record<string, T>> {
  return notScalar(z.record(z.string(), each, { error: (issue) => foundButWanted(issue.input, wanted) }));
}

/** Either of two shapes; `pick` looks at the value, so that messages speak of the one that was meant. */
export function either<A, B>(
  pick: (value: unknown) => 'first' | 'second',
  first: z.ZodType<A>,
  second: z.ZodType<B>,
): z.ZodType<A | B> {
  return z.unknown().transform((value, context): A | B => {
    const result = pick(value) === 'first' ? first.safeParse(value) : second.safeParse(value);
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues) {
      context.issues.push({ code: 'custom', path: [...path], message, input: value });
    }
    return z.NEVER;
  });
}

const unknownKeyBeginning = 'unknown key ';

export function unknownKeyMessage(key: string, known: readonly string[]): string {
  const meant = suggest(key, known);
  return meant === null
    ? `${unknownKeyBeginning}${quoted(key)}, wanted one of ${known.join(', ')}`
    : `${unknownKeyBeginning}${quoted(key)}: did you mean "${meant}"?`;
}

/** Whether an issue is one of a key that no section has. */
export function isUnknownKey(message: string): boolean {
  return message.startsWith(unknownKeyBeginning);
}
