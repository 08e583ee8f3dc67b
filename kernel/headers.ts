import { decode } from './escape';
import { fail } from './fault';
import { NAME, NAME_BYTES } from './layout';
import { COLON_EXPECTED, KEY_EXPECTED, SEPARATOR_EXPECTED, TOO_DEEP } from './numbers/faults';
import { DEEPEST, LONGEST_NAME } from './numbers/limits';
import { DROPPED, RENAMED } from './numbers/plan-kinds';
import { HEADER_LENGTH, HEADER_STATE, HEADER_TEXT } from './numbers/policy-tables';
import { addEntry, planAt, rollBack, scratchAt } from './plan';
import { clearState, find, headerNames } from './policy';
import { closingQuote, ESCAPED } from './string';
import { CLOSE_BRACE, COLON, COMMA, QUOTE, same, skipBlanks } from './text';

export function headerState(header: usize): usize {
  return load<usize>(header, HEADER_STATE);
}
export function headerText(header: usize): usize {
  return load<usize>(header, HEADER_TEXT);
}
export function headerTextLength(header: usize): usize {
  return load<usize>(header, HEADER_LENGTH);
}

/** The audited header of that name, in whatever case; 0 when there is none. */
function findHeader(name: usize, length: usize): usize {
  if (length > NAME_BYTES) return 0;
  const size = decode(name, name + length, NAME) - NAME;
  if (size > LONGEST_NAME) return 0;
  for (let at = NAME; at < NAME + size; at++) {
    const c: u32 = load<u8>(at);
    if (c - 0x41 < 26) store<u8>(at, c | 0x20);
  }
  return find(headerNames(), NAME, size);
}

/** Scans one value. It is `value` of value.ts, handed over because that file imports this one. */
type ScanValue = (at: usize, c: u32, state: usize, clear: bool, depth: u32) => usize;

/** Scans `request.headers` after its opening brace: members that are not audited are dropped, with the right commas. */
export function auditedHeaders(at: usize, depth: u32, scanValue: ScanValue): usize {
  if (depth > DEEPEST) return fail(at - 1, TOO_DEEP);
  /** Where the bytes to drop begin when a member after them stays. */
  let dropFrom = at;
  /** Where they begin when none does: the comma before them goes too. */
  let lastFrom = at;
  let dropping = false;
  at = skipBlanks(at);
  let c: u32 = load<u8>(at);
  if (c == CLOSE_BRACE) return at + 1;
  while (true) {
    if (c != QUOTE) return fail(at, KEY_EXPECTED);
    const key = at;
    const end = closingQuote(key + 1);
    if (end == 0) return 0;
    const keyEnd = (end & ~ESCAPED) + 1;
    at = skipBlanks(keyEnd);
    if (load<u8>(at) != COLON) return fail(at, COLON_EXPECTED);
    at = skipBlanks(at + 1);
    c = load<u8>(at);

    const header = findHeader(key + 1, keyEnd - key - 2);
    let state = clearState();
    if (header != 0) {
      if (dropping) addEntry(dropFrom, key - dropFrom, DROPPED, 0);
      dropping = false;
      state = headerState(header);
      const text = headerText(header);
      const length = headerTextLength(header);
      if (length != keyEnd - key || !same(text, key, length))
        addEntry(key, keyEnd - key, RENAMED, header as u32);
    } else {
      dropping = true;
    }
    const planBefore = planAt;
    at = scanValue(at, c, state, false, depth);
    if (at == 0) return 0;
    if (header != 0) lastFrom = at;
    // The entries of a plan are in the order of the bytes, and those to drop begin before the value.
    else rollBack(planBefore, scratchAt);
    at = skipBlanks(at);
    c = load<u8>(at);
    if (c != COMMA) {
      if (c != CLOSE_BRACE) return fail(at, SEPARATOR_EXPECTED);
      if (dropping) addEntry(lastFrom, at - lastFrom, DROPPED, 0);
      return at + 1;
    }
    at++;
    if (header != 0) dropFrom = at;
    at = skipBlanks(at);
    c = load<u8>(at);
  }
}
