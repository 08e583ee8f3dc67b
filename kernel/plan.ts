import { decode } from './escape';
import * as place from './layout';
import { PLAN_BYTES } from './layout';
import { ACCESSOR, DATA, HEADER, TOKEN, WRAPPED_ACCESSOR } from './numbers/actions';
import { LENGTH_BITS } from './numbers/limits';
import { HASHED, HASHED_ACCESSOR, HASHED_HEADER, HASHED_TIMESTAMP } from './numbers/plan-kinds';
import { NO_SLOT, slotOf } from './slots';
import { isTimestamp } from './timestamp';

// The plan: what differs from the input, in the order of the bytes. An entry is the first byte, the length with the kind in
// its highest bits, and a reference. The reference of a string is the slot of its message, or where its decoded text lies, or 0;
// that of a renamed header is the header, that of an elided list its element count.

/** Set in a reference that names a slot. */
export const SLOT_FLAG: u32 = 0x80000000;

export let planAt: usize = 0;
export let scratchAt: usize = 0;
/** End of the decoded text that was written for this batch, that of refused records included. */
export let scratchHighest: usize = 0;
let planEnd: usize = 0;

export function startPlan(): void {
  planAt = place.plan;
  scratchAt = place.scratch;
  scratchHighest = place.scratch;
  planEnd = (memory.size() as usize) << 16;
}

export function rollBack(planTo: usize, scratchTo: usize): void {
  planAt = planTo;
  scratchAt = scratchTo;
}

export function addEntry(at: usize, length: usize, kind: u32, reference: u32): void {
  if (planAt + PLAN_BYTES > planEnd) {
    if (memory.grow(64) < 0) unreachable();
    planEnd += 64 << 16;
  }
  store<usize>(planAt, at);
  store<u32>(planAt, (length as u32) | (kind << LENGTH_BITS), 4);
  store<u32>(planAt, reference, 8);
  planAt += PLAN_BYTES;
}

/** Plans the string between the quotes at `at - 1` and `end`; `clear` says that its key stays readable on this mount. */
export function addString(action: u32, at: usize, end: usize, escaped: bool, clear: bool): void {
  let message = at;
  let length = end - at;
  let kind = HASHED;
  switch (action) {
    case TOKEN:
      if (length == 0) return;
      break;
    case ACCESSOR:
      if (length == 0) return;
      kind = HASHED_ACCESSOR;
      break;
    case WRAPPED_ACCESSOR:
      kind = HASHED_ACCESSOR;
      break;
    case HEADER:
      kind = HASHED_HEADER;
      break;
    case DATA:
      if (clear) return;
      break;
  }
  if (escaped) {
    message = scratchAt + 4;
    length = decode(at, end, message) - message;
    if (message + length > scratchHighest) scratchHighest = message + length;
  }
  if (action == DATA && isTimestamp(message, length)) kind = HASHED_TIMESTAMP;
  let reference = slotOf(message, length, kind);
  if (reference != NO_SLOT) {
    // A new slot points to the decoded text, which therefore stays.
    reference |= SLOT_FLAG;
    if (escaped) scratchAt = message + length;
  } else if (escaped) {
    store<u32>(scratchAt, length as u32);
    reference = scratchAt as u32;
    scratchAt = message + length;
  } else {
    reference = 0;
  }
  addEntry(at - 1, end - at + 2, kind, reference);
}
