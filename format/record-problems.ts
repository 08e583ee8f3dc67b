import * as faults from '../kernel/numbers/faults.ts';
import { DEEPEST, LONGEST_RECORD } from '../kernel/numbers/limits.ts';

/** Words for each of the kernel's faults; none quotes the record. */
const texts: Readonly<Record<keyof typeof faults, string>> = {
  ENDS_EARLY: 'record ends too early',
  NOT_AN_OBJECT: 'not a JSON object',
  KEY_EXPECTED: 'a name in double quotes is wanted',
  COLON_EXPECTED: 'a colon is wanted',
  VALUE_EXPECTED: 'a value is wanted',
  SEPARATOR_EXPECTED: 'a comma or the closing bracket is wanted',
  BAD_NUMBER: 'malformed number',
  BAD_LITERAL: 'malformed literal',
  CONTROL_CHARACTER: 'control character in string',
  BAD_ESCAPE: 'malformed escape in string',
  NOT_UTF8: 'not UTF-8',
  TOO_DEEP: `nested deeper than ${DEEPEST}`,
  TEXT_AFTER: 'text after the object',
  TOO_LONG: `longer than ${LONGEST_RECORD / 1024 ** 2} MiB`,
};

const problems: ReadonlyMap<number, string> = new Map(
  Object.entries(faults).map(([name, fault]) => [fault, texts[name as keyof typeof faults]]),
);

/** Why a record is refused, in words, by the number of its fault. */
export function recordProblem(fault: number): string {
  return problems.get(fault)!;
}
