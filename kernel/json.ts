import { timeLength } from './added-time';
import { PREFIX, TIME } from './layout';
import { kindsFor, prefixLength } from './line';
import { LENGTH_BITS, LENGTH_MASK } from './numbers/limits';
import { PLAN_BYTES } from './numbers/plan-table';
import { FLAGS, RECORD_END, RECORD_START } from './numbers/record-table';
import { put, putByte } from './output';
import { putReplacement, replacementLength } from './replacement';
import { EMPTY, WITHOUT_TIME } from './scan';
import { COMMA, NEWLINE, OPEN_BRACE } from './text';

/** Bytes of the record's JSON line, prefix and newline included. */
export function jsonLength(record: usize, entry: usize, entriesEnd: usize): u64 {
  const kinds = kindsFor(record);
  const flags = load<u32>(record, FLAGS);
  let at = load<usize>(record, RECORD_START);
  let length = (load<usize>(record, RECORD_END) - at + prefixLength + 1) as i64;
  if ((flags & WITHOUT_TIME) != 0) length += (timeLength as i64) + ((flags & EMPTY) != 0 ? 0 : 1);
  for (; entry < entriesEnd; entry += PLAN_BYTES) {
    const start = load<usize>(entry);
    const size = load<u32>(entry, 4);
    // An entry inside a list that was elided begins before `at`.
    if (((kinds >> (size >> LENGTH_BITS)) & 1) == 0 || start < at) continue;
    length +=
      (replacementLength(size >> LENGTH_BITS, load<u32>(entry, 8)) as i64) - ((size & LENGTH_MASK) as i64);
    at = start + ((size & LENGTH_MASK) as usize);
  }
  return length as u64;
}

/** Writes the record's JSON line: the input, byte for byte, except for the planned stretches. */
export function putJson(record: usize, entry: usize, entriesEnd: usize): void {
  const kinds = kindsFor(record);
  const flags = load<u32>(record, FLAGS);
  let at = load<usize>(record, RECORD_START);
  if (prefixLength > 0) put(PREFIX, prefixLength);
  if ((flags & WITHOUT_TIME) != 0) {
    putByte(OPEN_BRACE as u8);
    put(TIME, timeLength);
    if ((flags & EMPTY) == 0) putByte(COMMA as u8);
    at++;
  }
  for (; entry < entriesEnd; entry += PLAN_BYTES) {
    const start = load<usize>(entry);
    const size = load<u32>(entry, 4);
    if (((kinds >> (size >> LENGTH_BITS)) & 1) == 0 || start < at) continue;
    put(at, start - at);
    const length = (size & LENGTH_MASK) as usize;
    putReplacement(size >> LENGTH_BITS, start, length, load<u32>(entry, 8));
    at = start + length;
  }
  put(at, load<usize>(record, RECORD_END) - at);
  putByte(NEWLINE as u8);
}
