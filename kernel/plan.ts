import { decode, plainEnd } from './escape';
import * as place from './layout';
import { ACCESSOR, DATA, HEADER, TOKEN, VALUES, WRAPPED_ACCESSOR } from './numbers/actions';
import { LENGTH_BITS } from './numbers/limits';
import { HASHED, HASHED_ACCESSOR, HASHED_HEADER, HASHED_PART, HASHED_TIMESTAMP } from './numbers/plan-kinds';
import { PLAN_BYTES } from './numbers/plan-table';
import { NO_SLOT, slotOf } from './slots';
import { isTimestamp } from './timestamp';

// The plan: what differs from the input, in the order of the bytes. An entry is the first byte, the length with the kind in
// its highest bits, and a reference. The reference of what is hashed is the slot of its message, or where its decoded text lies, or 0
// when it is spelt as it is; that of a renamed header is the header, that of an elided list its element count.

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
    case VALUES:
      if (clear) return;
      break;
  }
  if (escaped) {
    message = scratchAt + 4;
    length = decodeToScratch(at, end);
  }
  if (action == DATA && isTimestamp(message, length)) kind = HASHED_TIMESTAMP;
  addEntry(at - 1, end - at + 2, kind, referenceTo(message, length, kind, escaped));
}

/** Plans the string bytes from `at` up to `end`, which are a part of a string and not empty. */
export function addPart(at: usize, end: usize): void {
  const escaped = plainEnd(at, end) != end;
  const message = escaped ? scratchAt + 4 : at;
  const length = escaped ? decodeToScratch(at, end) : end - at;
  addEntry(at, end - at, HASHED_PART, referenceTo(message, length, HASHED_PART, escaped));
}

/** Decodes string bytes to where the scratch is free, behind room for a length; returns the length. */
function decodeToScratch(at: usize, end: usize): usize {
  const text = scratchAt + 4;
  const textEnd = decode(at, end, text);
  if (textEnd > scratchHighest) scratchHighest = textEnd;
  return textEnd - text;
}

/** The reference for a message to hash; `decoded` says that it was decoded to the scratch. */
function referenceTo(message: usize, length: usize, kind: u32, decoded: bool): u32 {
  const slot = slotOf(message, length, kind);
  if (slot == NO_SLOT && !decoded) return 0;
  // A new slot points to the decoded text, which therefore stays.
  if (decoded) scratchAt = message + length;
  if (slot != NO_SLOT) return slot | SLOT_FLAG;
  store<u32>(message - 4, length as u32);
  return (message - 4) as u32;
}
