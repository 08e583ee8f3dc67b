import { LEVEL_FULL, LEVEL_METADATA, LEVEL_NONE, LEVEL_REQUEST } from '../kernel/numbers/levels.ts';
import { VECTOR_BYTES } from '../kernel/numbers/limits.ts';
import * as table from '../kernel/numbers/rule-tables.ts';
import {
  type Level,
  type MatchedField,
  matchedFields,
  type RecordRule,
  type WantedText,
  wantedText,
} from './record-rules.ts';
import type { TableWriter } from './table-writer.ts';

/** Rules as the kernel finds them. */
export interface WrittenRules {
  /** The address of the first test, or an end. */
  readonly first: number;
  /** A bit for each text of a record that is looked at. */
  readonly texts: number;
  /** Whether some rule leaves data out. */
  readonly drops: boolean;
}

export const levelNumbers: Readonly<Record<Level, number>> = {
  none: LEVEL_NONE,
  metadata: LEVEL_METADATA,
  request: LEVEL_REQUEST,
  full: LEVEL_FULL,
};

const texts: Readonly<Record<Exclude<MatchedField, 'path'>, readonly number[]>> = {
  route: [table.ROUTE_TEXT],
  mount: [table.MOUNT_TEXT, table.WHOLE_MOUNT_TEXT],
  namespace: [table.NAMESPACE_TEXT],
  tenant: [table.TENANT_TEXT],
  operation: [table.OPERATION_TEXT],
  method: [table.METHOD_TEXT],
  outcome: [table.OUTCOME_TEXT],
  type: [table.TYPE_TEXT],
};

/** Writes the rules as tests, each of which leads to the next one or to an end. */
export function writeRules(writer: TableWriter, rules: readonly RecordRule[]): WrittenRules {
  let next = endOf(0, 'full');
  // Nothing need be looked at to write everything.
  if (rules.every(({ level }) => level === 'full')) return { first: next, texts: 0, drops: false };
  const last = rules.findIndex(({ match }) => match.size === 0);
  const reached = last === -1 ? rules : rules.slice(0, last + 1);
  let seen = 0;
  for (const [index, rule] of [...reached.entries()].reverse()) {
    let yes = endOf(index + 1, rule.level);
    for (const field of fieldsOf(rule).reverse()) {
      let no = next;
      for (const pattern of rule.match.get(field)!.toReversed()) {
        const wanted = wantedText(field, pattern);
        for (const text of textsOf(field, wanted, rule.level)) {
          no = writeTest(writer, text, wanted, yes, no);
          seen |= 1 << text;
        }
      }
      yes = no;
    }
    next = yes;
  }
  const drops = reached.some(({ level }) => level === 'metadata' || level === 'request');
  return { first: next, texts: seen, drops };
}

function fieldsOf({ match }: RecordRule): MatchedField[] {
  return (Object.keys(matchedFields) as MatchedField[]).filter((field) => match.has(field));
}

/** A path that a server may take for another one is not known to begin so, where that would have less of the record written. */
function textsOf(field: MatchedField, { anyRest }: WantedText, level: Level): readonly number[] {
  if (field !== 'path') return texts[field];
  return [anyRest && level !== 'full' ? table.PLAIN_PATH_TEXT : table.PATH_TEXT];
}

function endOf(rule: number, level: Level): number {
  return table.END + rule * 2 ** table.END_RULE_BITS + levelNumbers[level];
}

function writeTest(writer: TableWriter, text: number, wanted: WantedText, yes: number, no: number): number {
  const bytes = Buffer.from(wanted.text);
  const before = Math.max(0, bytes.length - VECTOR_BYTES);
  const test = writer.reserve(table.TEST_BYTES);
  for (const [index, byte] of bytes.subarray(before).entries()) {
    writer.setByte(test + table.TEST_WINDOW + index, byte);
    writer.setByte(test + table.TEST_MASK + index, 0xff);
  }
  writer.set(test + table.TEST_LENGTH, bytes.length);
  writer.set(test + table.TEST_MORE, wanted.anyRest ? table.ANY_MORE : 0);
  writer.set(test + table.TEST_TEXT, text * table.TEXT_BYTES);
  writer.set(test + table.TEST_WANTED, writer.text(bytes));
  writer.set(test + table.TEST_BEFORE, before);
  writer.set(test + table.TEST_YES, yes);
  writer.set(test + table.TEST_NO, no);
  return test;
}
