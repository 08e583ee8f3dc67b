import { fail } from './fault';
import { NAME } from './layout';
import { literalEnd, numberEnd } from './number';
import { CLEAR, DATA, TEXT, VALUES } from './numbers/actions';
import { BAD_LITERAL, VALUE_EXPECTED } from './numbers/faults';
import { addEntry, addString } from './plan';
import { decodedName, find, stateAction, stateNumbers } from './policy';
import { addSurrogates } from './surrogates';
import { addText } from './url';

// Values without values in them, and the names of members.

/** Plans what becomes of the string between the quotes at `at - 1` and `end`, which has escapes; returns the byte after it. */
export function escapedString(at: usize, end: usize, action: u32, clear: bool): usize {
  if (action >= TEXT) {
    addText(action, at, end, true);
    return end + 1;
  }
  if (action != CLEAR) addString(action, at, end, true, clear);
  // After the string itself: a device that hashes it has no need of them.
  addSurrogates(at, end);
  return end + 1;
}

/** The same for a string without escapes, whose action is not `CLEAR`. */
export function plainString(at: usize, end: usize, action: u32, clear: bool): void {
  if (action >= TEXT) addText(action, at, end, false);
  else addString(action, at, end, false, clear);
}

/** Scans a number, which begins at `at`; returns the byte after it, or 0. */
export function number(at: usize, state: usize, clear: bool): usize {
  const end = numberEnd(at);
  const kind = stateNumbers(state);
  if (kind == 0 || end == 0) return end;
  const action = stateAction(state);
  if (clear && (action == DATA || action == VALUES)) return end;
  addEntry(at, end - at, kind, 0);
  return end;
}

/** Scans `true`, `false` or `null`, of which `c`, at `at`, is the first byte; returns the byte after it, or 0. */
export function literal(at: usize, c: u32): usize {
  if (c == 0x74) return literalEnd(at, 0x65757274);
  if (c == 0x6e) return literalEnd(at, 0x6c6c756e);
  if (c == 0x66) {
    if (literalEnd(at, 0x736c6166) == 0) return 0;
    return load<u8>(at + 4) == 0x65 ? at + 5 : fail(at + 4, BAD_LITERAL);
  }
  return fail(at, VALUE_EXPECTED);
}

/** Whether the name is one of `keys`, a state to `find` in. */
export function isListed(keys: usize, key: usize, length: usize, escaped: bool): bool {
  if (escaped) {
    length = decodedName(key, length);
    key = NAME;
  }
  return find(keys, key, length) != 0;
}
