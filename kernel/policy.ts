import { decode } from './escape';
import { NAME, NAME_BYTES, POLICY } from './layout';
import { same } from './text';

// The policy is a table that the format room writes (format/policy-bytes.ts); all positions in it are addresses.
// A state stands for a JSON path: what to do with a string there, and the state of each member and element.

/** What to do with a string (first byte of a state). The order is known to the format room. */
export const CLEAR: u32 = 0;
export const HASH: u32 = 1;
/** Hashed unless empty. */
export const TOKEN: u32 = 2;
/** An accessor: hashed unless empty or the device leaves accessors readable. */
export const ACCESSOR: u32 = 3;
/** The same, hashed when empty too. */
export const WRAPPED_ACCESSOR: u32 = 4;
/** Hashed but for timestamps and the mount's keys. */
export const DATA: u32 = 5;
/** An audited header's value: hashed on every device. */
export const HEADER: u32 = 6;

export const SELF: u32 = 1;

/** The state of the record itself. */
export function rootState(): usize {
  return load<usize>(POLICY);
}
/** Nothing below is hashed. */
export function clearState(): usize {
  return load<usize>(POLICY, 4);
}
export function headerNames(): usize {
  return load<usize>(POLICY, 8);
}
/** 0 when no mount has keys that stay readable. */
export function mountNames(): usize {
  return load<usize>(POLICY, 12);
}
export function unauditedPaths(): usize {
  return load<usize>(POLICY, 16);
}
export function unauditedCount(): u32 {
  return load<u32>(POLICY, 20);
}

export function stateAction(state: usize): u32 {
  return load<u8>(state);
}
export function stateField(state: usize): u32 {
  return load<u8>(state, 1);
}
/** Every member and element has this same state, so that names need no look. */
export function isUniform(state: usize): bool {
  return (load<u8>(state, 2) & SELF) != 0;
}
export function elementState(state: usize): usize {
  return load<usize>(state, 16);
}

/** What the table of `state` has for exactly this name, or 0. */
export function find(state: usize, name: usize, length: usize): usize {
  const mask = load<u32>(state, 8);
  if (mask == 0) return 0;
  const word = length < 8 ? load<u64>(name) & (((1 as u64) << ((length as u64) * 8)) - 1) : load<u64>(name);
  const table = load<usize>(state, 4);
  let i = (((word ^ (length as u64)) * 0x9e3779b97f4a7c15) >> 40) as u32;
  while (true) {
    const entry = table + ((i & mask) as usize) * 24;
    const target = load<usize>(entry, 16);
    if (target == 0) return 0;
    if (load<u64>(entry) == word && load<usize>(entry, 8) == length) {
      if (length <= 8 || same(load<usize>(entry, 12) + 8, name + 8, length - 8)) return target;
    }
    i++;
  }
}

function otherState(state: usize, name: usize, length: usize): usize {
  let entry = load<usize>(state, 20);
  for (let left = load<u32>(state, 24); left > 0; left--) {
    const prefix = load<usize>(entry, 8);
    if (length >= prefix && same(load<usize>(entry, 12), name, prefix)) return load<usize>(entry, 16);
    entry += 24;
  }
  return load<usize>(state, 12);
}

/** The state of the member whose name, as spelt in the record, is `length` bytes at `name`. */
export function memberState(state: usize, name: usize, length: usize, escaped: bool): usize {
  if (escaped) {
    length = decodedName(name, length);
    name = NAME;
  }
  const found = find(state, name, length);
  return found != 0 ? found : otherState(state, name, length);
}

/** Decodes a name to `NAME` and returns its length; one too long to be in any table is left as it is spelt, cut off. */
export function decodedName(name: usize, length: usize): usize {
  if (length > NAME_BYTES) {
    memory.copy(NAME, name, NAME_BYTES);
    return NAME_BYTES;
  }
  return decode(name, name + length, NAME) - NAME;
}
