import { WRAPPING_ACCESSOR, WRAPPING_TIME, WRAPPING_TOKEN } from './numbers/fields';
import { ADDED_ACCESSOR, ADDED_TOKEN, HASHED, HASHED_ACCESSOR } from './numbers/plan-kinds';
import { addEntry, SLOT_FLAG } from './plan';
import { NO_SLOT, slotOf } from './slots';

// The reference hashes the token and the accessor of a `wrap_info` that it has filled in, even when they are empty. Its raw log leaves
// empty ones out, so its hashed log has two members more (seen for a wrapped request that failed). Only `creation_time` tells such
// a `wrap_info` from any other object of that name.

let seen: u32 = 0;

export function beginWrapping(): void {
  seen = 0;
}

export function noteWrapping(field: u32): void {
  seen |= 1 << field;
}

/** Adds the members that the object left out; `at` is its closing brace. */
export function endWrapping(at: usize): void {
  if ((seen & (1 << WRAPPING_TIME)) == 0) return;
  if ((seen & (1 << WRAPPING_TOKEN)) == 0) addMember(at, ADDED_TOKEN, HASHED);
  if ((seen & (1 << WRAPPING_ACCESSOR)) == 0) addMember(at, ADDED_ACCESSOR, HASHED_ACCESSOR);
}

function addMember(at: usize, kind: u32, hashed: u32): void {
  const slot = slotOf(at, 0, hashed);
  addEntry(at, 0, kind, slot == NO_SLOT ? 0 : slot | SLOT_FLAG);
}
