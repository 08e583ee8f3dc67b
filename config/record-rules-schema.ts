import type { z } from 'zod';
import { longestNameBytes } from '../format/policy-check.ts';
import {
  levels,
  type MatchedField,
  matchedFields,
  type RecordMatch,
  type RecordRule,
} from '../format/record-rules.ts';
import { Leaf } from './leaf.ts';
import { shownName } from './policy-schema.ts';
import { Refused } from './refused-scalar.ts';
import { oneOf } from './scalars.ts';
import { either, list, section } from './shapes.ts';

const fields = Object.keys(matchedFields) as MatchedField[];

function patternFault(field: MatchedField, pattern: string): string | null {
  const rest = '"*" stands for any rest, and only at the end of a text';
  if (pattern.slice(0, -1).includes('*')) {
    return field === 'path' ? `${rest}: for a path with a part that varies, ask for its route` : rest;
  }
  if (field === 'path' && /[?#]/.test(pattern)) {
    return 'a path is looked at without its query and fragment: leave out "?" or "#" and what follows';
  }
  return Buffer.byteLength(pattern) > longestNameBytes ? `longer than ${longestNameBytes} bytes` : null;
}

/** One text, or a list of them. */
function patterns(field: MatchedField): z.ZodType<readonly string[] | undefined> {
  const wanted = 'a text, with "*" at its end for any rest, or a list of them';
  const pattern = shownName(wanted, (text) => {
    const fault = patternFault(field, text);
    return fault === null ? text : new Refused(fault);
  });
  const several = list(wanted, pattern).transform((found, context) => {
    if (found.length === 0) {
      const message = 'found an empty list, wanted at least one text: no record would fit';
      context.issues.push({ code: 'custom', message, input: found });
    }
    return found;
  });
  return either(
    (value) => (value instanceof Leaf ? 'first' : 'second'),
    pattern.transform((one) => [one]),
    several,
  ).optional();
}

const match: z.ZodType<RecordMatch> = section(
  Object.fromEntries(fields.map((field) => [field, patterns(field)])) as Record<
    MatchedField,
    ReturnType<typeof patterns>
  >,
).transform(
  (found): RecordMatch =>
    new Map(fields.flatMap((field) => (found[field] === undefined ? [] : [[field, found[field]] as const]))),
);

const rule: z.ZodType<RecordRule> = section({ match: match.optional(), level: oneOf(...levels) }).transform(
  (found): RecordRule => ({ match: found.match ?? new Map(), level: found.level }),
);

/** The key `records`: at which level a record is written. Without it, all are written in full. */
export const records: z.ZodType<readonly RecordRule[]> = list('a list of rules', rule)
  .transform((found, context) => {
    if (found.length === 0) {
      const message =
        'found an empty list, wanted at least one rule such as {level: full}: leave "records" out to write everything in full';
      context.issues.push({ code: 'custom', message, input: found });
    }
    return found;
  })
  .optional()
  .transform((found) => found ?? []);
