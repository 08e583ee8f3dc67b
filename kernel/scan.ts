import { dropData, forgetData } from './data-members';
import { fail, faultAt, faultCode } from './fault';
import { forgetFields, hasTime, idAt, idLength, isListResponse, typeAt, typeLength } from './fields';
import * as place from './layout';
import { countLevel, forgetLevels } from './levels';
import { beginMount, mountWasWrong } from './mount';
import { elements } from './nested';
import { ENDS_EARLY, NOT_AN_OBJECT, NOT_UTF8, TEXT_AFTER, TOO_LONG } from './numbers/faults';
import { LEVEL_FULL, LEVEL_METADATA, LEVEL_NONE } from './numbers/levels';
import { LONGEST_RECORD } from './numbers/limits';
import {
  FAULT,
  FAULT_OFFSET,
  FLAGS,
  ID_AT,
  ID_LENGTH,
  LEVEL,
  LINE_AT,
  LINE_LENGTH,
  PLAN_END,
  RECORD_BYTES,
  RECORD_END,
  RECORD_START,
  TYPE_AT,
  TYPE_LENGTH,
} from './numbers/record-table';
import { END_RULE_BITS } from './numbers/rule-tables';
import { INVALID, KEPT, UNAUDITED } from './numbers/statuses';
import { planAt, rollBack, scratchAt, startPlan } from './plan';
import { rootState } from './policy';
import { levelOf } from './rules';
import { forgetSlots, slotCount } from './slots';
import { NEWLINE, OPEN_BRACE, RETURN, skipBlanks } from './text';
import { isUnaudited } from './unaudited';
import { invalidUtf8 } from './utf8';
import { beginValue, object } from './value';

/** The object has no `time`. */
export const WITHOUT_TIME: u32 = 1;
/** The object has no members. */
export const EMPTY: u32 = 2;
/** The response of a list operation. */
export const LISTING: u32 = 4;

export let recordCount: u32 = 0;
export let keptCount: u32 = 0;
let lineHigh: bool = false;

/** The newline at or after `at`; sets `lineHigh` to whether there are bytes beyond ASCII before it. */
function newline(at: usize): usize {
  let seen: i32 = 0;
  while (true) {
    const v = v128.load(at);
    const found = i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x0a)));
    const high = i8x16.bitmask(v);
    if (found != 0) {
      const end = ctz(found);
      lineHigh = (seen | (high & ((1 << end) - 1))) != 0;
      return at + end;
    }
    seen |= high;
    at += 16;
  }
}

/** Scans the line from `at` up to its newline at `end`; returns the end of the object in it, or 0. */
function scanObject(at: usize, end: usize): usize {
  if (end - at >= LONGEST_RECORD) return fail(at, TOO_LONG);
  const start = skipBlanks(at);
  if (load<u8>(start) != OPEN_BRACE) return fail(start, NOT_AN_OBJECT);
  const closed = object(start + 1, rootState(), 1);
  if (closed == 0) return 0;
  const rest = skipBlanks(closed);
  return rest == end ? closed : fail(rest, TEXT_AFTER);
}

function scanRecord(at: usize, end: usize, record: usize): u32 {
  const planBefore = planAt;
  const scratchBefore = scratchAt;
  const slotsBefore = slotCount;
  beginMount();
  forgetData();
  let closed: usize = 0;
  let invalid: usize = end;
  if (lineHigh) invalid = invalidUtf8(at, end);
  let again: bool = false;
  do {
    forgetFields();
    closed = scanObject(at, end);
    again = closed != 0 && mountWasWrong();
    if (again) {
      rollBack(planBefore, scratchBefore);
      forgetSlots(slotsBefore);
    }
  } while (again);

  let status = KEPT;
  let outcome: u32 = 0;
  if (closed == 0 || invalid != end) {
    status = INVALID;
    const notUtf8 = invalid != end && (closed != 0 || invalid <= faultAt);
    const offset = notUtf8 ? invalid : faultAt;
    store<usize>(record, offset - at, FAULT_OFFSET);
    store<u32>(record, notUtf8 ? NOT_UTF8 : offset == end ? ENDS_EARLY : faultCode, FAULT);
  } else if (isUnaudited()) {
    status = UNAUDITED;
  } else {
    outcome = levelOf();
    const level = outcome & ((1 << END_RULE_BITS) - 1);
    countLevel(level);
    if (level == LEVEL_NONE) status = UNAUDITED;
    else if (level != LEVEL_FULL) dropData(planBefore, slotsBefore, level == LEVEL_METADATA);
  }
  store<u32>(record, outcome, LEVEL);
  if (status != KEPT) {
    rollBack(planBefore, scratchBefore);
    forgetSlots(slotsBefore);
    store<usize>(record, planAt, PLAN_END);
    if (status == INVALID) {
      store<usize>(record, 0, ID_AT);
      store<usize>(record, 0, TYPE_AT);
      return status;
    }
  }
  let flags: u32 = 0;
  if (!hasTime) flags |= WITHOUT_TIME;
  if (elements == 0) flags |= EMPTY;
  if (isListResponse()) flags |= LISTING;
  store<usize>(record, skipBlanks(at), RECORD_START);
  store<usize>(record, closed, RECORD_END);
  store<usize>(record, planAt, PLAN_END);
  store<u32>(record, flags, FLAGS);
  store<usize>(record, idAt, ID_AT);
  store<usize>(record, idLength, ID_LENGTH);
  store<usize>(record, typeAt, TYPE_AT);
  store<usize>(record, typeLength, TYPE_LENGTH);
  return status;
}

/**
 * Scans the `length` bytes at `input`: one record a line. Returns the number of records, or -1 when there are more
 * than the table has room for.
 */
export function scan(length: usize, applyHeaders: bool): i32 {
  recordCount = 0;
  keptCount = 0;
  startPlan();
  forgetSlots(0);
  forgetLevels();
  beginValue(applyHeaders);
  const end = place.input + length;
  // A newline stops every scan of bytes, so the last line needs one too.
  store<u8>(end, NEWLINE);
  let at = place.input;
  while (at < end) {
    const next = newline(at);
    let lineEnd = next;
    if (lineEnd > at && load<u8>(lineEnd - 1) == RETURN) store<u8>(--lineEnd, NEWLINE);
    if (lineEnd > at) {
      if (recordCount == place.recordLimit) return -1;
      const record = place.records + (recordCount as usize) * RECORD_BYTES;
      const status = scanRecord(at, lineEnd, record);
      store<usize>(record, at, LINE_AT);
      store<usize>(record, lineEnd - at, LINE_LENGTH);
      store<u8>(place.statuses + (recordCount as usize), status);
      if (status == KEPT) keptCount++;
      recordCount++;
    }
    at = next + 1;
  }
  return recordCount as i32;
}
