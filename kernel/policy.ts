import { decode } from './escape';
import { NAME, NAME_BYTES, POLICY } from './layout';
import {
  ENTRY_BYTES,
  ENTRY_LENGTH,
  ENTRY_TARGET,
  ENTRY_TEXT,
  ENTRY_WORD,
  HEAD_CLEAR,
  HEAD_HEADERS,
  HEAD_MOUNTS,
  HEAD_ROOT,
  HEAD_RULE_DROPS,
  HEAD_RULE_TEXTS,
  HEAD_RULES,
  HEAD_UNAUDITED,
  HEAD_UNAUDITED_COUNT,
  STATE_ACTION,
  STATE_ELEMENTS,
  STATE_FIELD,
  STATE_FLAGS,
  STATE_MASK,
  STATE_NAMES,
  STATE_NUMBERS,
  STATE_OTHER,
  STATE_PREFIX_COUNT,
  STATE_PREFIXES,
  UNIFORM,
  WORD_BYTES,
} from './numbers/policy-tables';
import { same } from './text';

// The policy is a table that the format room writes (format/policy-bytes.ts); all positions in it are addresses.
// A state stands for a JSON path: what to do with a string there, and the state of each member and element.

/** The state of the record itself. */
export function rootState(): usize {
  return load<usize>(POLICY, HEAD_ROOT);
}
/** The state in which nothing is hashed, at any depth. */
export function clearState(): usize {
  return load<usize>(POLICY, HEAD_CLEAR);
}
export function headerNames(): usize {
  return load<usize>(POLICY, HEAD_HEADERS);
}
/** 0 when no mount has keys that stay readable. */
export function mountNames(): usize {
  return load<usize>(POLICY, HEAD_MOUNTS);
}
export function unauditedPaths(): usize {
  return load<usize>(POLICY, HEAD_UNAUDITED);
}
export function unauditedCount(): u32 {
  return load<u32>(POLICY, HEAD_UNAUDITED_COUNT);
}

/** Where the rules begin: a test, or an end. */
export function firstTest(): u32 {
  return load<u32>(POLICY, HEAD_RULES);
}
/** A bit for each text that some rule looks at. */
export function ruleTexts(): u32 {
  return load<u32>(POLICY, HEAD_RULE_TEXTS);
}
/** Whether some rule leaves data out. */
export function rulesDrop(): bool {
  return load<u32>(POLICY, HEAD_RULE_DROPS) != 0;
}

export function stateAction(state: usize): u32 {
  return load<u8>(state, STATE_ACTION);
}
/** What a number's entry in the plan is here; 0 when numbers stay as they are. */
export function stateNumbers(state: usize): u32 {
  return load<u8>(state, STATE_NUMBERS);
}
export function stateField(state: usize): u32 {
  return load<u8>(state, STATE_FIELD);
}
/** Whether every member and element has this same state, so that no name need be looked up. */
export function isUniform(state: usize): bool {
  return (load<u8>(state, STATE_FLAGS) & UNIFORM) != 0;
}
export function elementState(state: usize): usize {
  return load<usize>(state, STATE_ELEMENTS);
}

/** The hash of a name, by its first word and its length. The search for it begins at this entry of the table, cut off by the mask. */
export function nameHash(word: u64, length: u32): u32 {
  return (((word ^ (length as u64)) * 0x9e3779b97f4a7c15) >> 40) as u32;
}

/** What exactly this name leads to in the table of `state`, or 0. */
export function find(state: usize, name: usize, length: usize): usize {
  const mask = load<u32>(state, STATE_MASK);
  if (mask == 0) return 0;
  const word =
    length < WORD_BYTES ? load<u64>(name) & (((1 as u64) << ((length as u64) * 8)) - 1) : load<u64>(name);
  const table = load<usize>(state, STATE_NAMES);
  let i = nameHash(word, length as u32);
  while (true) {
    const entry = table + ((i & mask) as usize) * ENTRY_BYTES;
    const target = load<usize>(entry, ENTRY_TARGET);
    if (target == 0) return 0;
    if (load<u64>(entry, ENTRY_WORD) == word && load<usize>(entry, ENTRY_LENGTH) == length) {
      if (
        length <= WORD_BYTES ||
        same(load<usize>(entry, ENTRY_TEXT) + WORD_BYTES, name + WORD_BYTES, length - WORD_BYTES)
      )
        return target;
    }
    i++;
  }
}

function otherState(state: usize, name: usize, length: usize): usize {
  let entry = load<usize>(state, STATE_PREFIXES);
  for (let left = load<u32>(state, STATE_PREFIX_COUNT); left > 0; left--) {
    const prefix = load<usize>(entry, ENTRY_LENGTH);
    if (length >= prefix && same(load<usize>(entry, ENTRY_TEXT), name, prefix))
      return load<usize>(entry, ENTRY_TARGET);
    entry += ENTRY_BYTES;
  }
  return load<usize>(state, STATE_OTHER);
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

/** Decodes a name to `NAME` and returns its length. A name too long to be in any table is cut off instead of decoded. */
export function decodedName(name: usize, length: usize): usize {
  if (length > NAME_BYTES) {
    memory.copy(NAME, name, NAME_BYTES);
    return NAME_BYTES;
  }
  return decode(name, name + length, NAME) - NAME;
}
