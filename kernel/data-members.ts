import { RESPONSE_DATA } from './numbers/fields';
import { LENGTH_BITS, LENGTH_MASK } from './numbers/limits';
import { DROPPED, UNDECIDED } from './numbers/plan-kinds';
import { PLAN_BYTES } from './numbers/plan-table';
import { addEntry, planAt, rollBack, SLOT_FLAG, scratchAt } from './plan';
import { forgetSlots } from './slots';
import { COMMA, OPEN_BRACE, QUOTE, skipBlanks } from './text';

// Data that is left out at some levels. The level is known at the end of the record, where its fields may stand; until then the
// plan has an entry before all that is planned of the data. A member is left out with the comma before it, or with that behind
// it when no member that stays is before it.

/** Where the last member ends that all members of its object before it are left out with; 0 when there is none. */
let leadingEnd: usize = 0;

export function forgetData(): void {
  leadingEnd = 0;
}

/** Plans the member whose name begins with the quote at `name`; returns the entry, for `endData`. */
export function beginData(name: usize, field: u32): usize {
  const before = lastBefore(name);
  const memberEnd: usize = load<u8>(before) == OPEN_BRACE ? 0 : lastBefore(before) + 1;
  const isLeading = memberEnd == 0 || memberEnd == leadingEnd;
  const entry = planAt;
  addEntry(isLeading ? name : memberEnd, 0, UNDECIDED, field);
  return entry;
}

/** The member whose value ends at `end` has been scanned. */
export function endData(entry: usize, end: usize): void {
  const from = load<usize>(entry);
  const isLeading = load<u8>(from) == QUOTE;
  leadingEnd = isLeading ? end : 0;
  if (isLeading) {
    const next = skipBlanks(end);
    if (load<u8>(next) == COMMA) end = skipBlanks(next + 1);
  }
  store<u32>(entry, ((end - from) as u32) | (UNDECIDED << LENGTH_BITS), 4);
}

/** The last byte before `at` that is no blank. */
function lastBefore(at: usize): usize {
  do {
    at--;
  } while (load<u8>(at) <= 0x20);
  return at;
}

/**
 * Leaves the data out of the record whose plan begins at `planFrom`: that of the response, and of the request, too, if `all` is said. The first
 * `slotsBefore` slots are of other records.
 */
export function dropData(planFrom: usize, slotsBefore: u32, all: bool): void {
  let to = planFrom;
  let droppedTo: usize = 0;
  let slots = slotsBefore;
  for (let entry = planFrom; entry < planAt; entry += PLAN_BYTES) {
    const at = load<usize>(entry);
    if (at < droppedTo) continue;
    let size = load<u32>(entry, 4);
    const reference = load<u32>(entry, 8);
    if (size >> LENGTH_BITS == UNDECIDED) {
      if (!all && reference != RESPONSE_DATA) continue;
      size |= DROPPED << LENGTH_BITS;
      droppedTo = at + (size & LENGTH_MASK);
    } else if ((reference & SLOT_FLAG) != 0) {
      slots = max(slots, (reference & ~SLOT_FLAG) + 1);
    }
    store<usize>(to, at);
    store<u32>(to, size, 4);
    store<u32>(to, reference, 8);
    to += PLAN_BYTES;
  }
  rollBack(to, scratchAt);
  // What only the data had need not be hashed.
  forgetSlots(slots);
}
