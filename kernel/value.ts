import { beginData, endData } from './data-members';
import { plainEnd } from './escape';
import { fail } from './fault';
import { beginField, isOwnType, noteField } from './fields';
import { auditedHeaders } from './headers';
import { escapedString, isListed, literal, number, plainString } from './leaves';
import { clearKeys } from './mount';
import { elements, endContainer, nested } from './nested';
import { CLEAR, HEADER } from './numbers/actions';
import { COLON_EXPECTED, KEY_EXPECTED, SEPARATOR_EXPECTED } from './numbers/faults';
import {
  LISTED_INFO,
  LISTED_KEYS,
  REQUEST_DATA,
  REQUEST_HEADERS,
  RESPONSE_DATA,
  TYPE,
  WRAPPING,
} from './numbers/fields';
import { LENGTH_BITS } from './numbers/limits';
import { ELIDED } from './numbers/plan-kinds';
import { addEntry, addString, planAt } from './plan';
import {
  clearState,
  elementState,
  isUniform,
  memberState,
  rulesDrop,
  stateAction,
  stateField,
} from './policy';
import { closingQuote, ESCAPED, stops } from './string';
import { addSurrogates } from './surrogates';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipBlanks,
} from './text';
import { beginWrapping, endWrapping } from './wrapping';

/** Levels that are scanned by calls, which is quicker than `nested`; ordinary records have fewer. */
const CALLS: u32 = 32;

/** The keys that stay readable in the data being scanned; 0 outside data. */
let readable: usize = 0;
let headersApply: bool = true;

export function beginValue(applyHeaders: bool): void {
  headersApply = applyHeaders;
  readable = 0;
}

/** Scans a value of which `c`, at `at`, is the first byte; returns the byte after it, or 0. */
export function value(at: usize, c: u32, state: usize, clear: bool, depth: u32): usize {
  if (c == QUOTE) {
    at++;
    const found = stops(at);
    const end = found != 0 && load<u8>(at + ctz(found)) == QUOTE ? at + ctz(found) : closingQuote(at);
    if (end == 0) return 0;
    const action = stateAction(state);
    if (end < ESCAPED) {
      if (action != CLEAR) plainString(at, end, action, clear);
      return end + 1;
    }
    return escapedString(at, end & ~ESCAPED, action, clear);
  }
  if (c == OPEN_BRACE) {
    if (depth >= CALLS && isUniform(state)) return nested(at, c, state, readable, clear, depth);
    return object(at + 1, state, depth + 1);
  }
  if (c == OPEN_BRACKET) {
    const element = elementState(state);
    if (depth >= CALLS && isUniform(element)) return nested(at, c, element, readable, clear, depth);
    return array(at + 1, element, clear, depth + 1);
  }
  return c == 0x2d || c - 0x30 < 10 ? number(at, state, clear) : literal(at, c);
}

// The two that follow call themselves, but no deeper than `CALLS` and the longest path of the policy: where it ends, states are uniform.

/** Scans the rest of an object, after its opening brace; returns the byte after it, or 0. */
export function object(at: usize, state: usize, depth: u32): usize {
  const uniform = isUniform(state);
  const keys = readable;
  let count: u32 = 0;
  let c: u32 = load<u8>(at);
  if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
  if (c == CLOSE_BRACE) {
    endContainer(0);
    return at + 1;
  }
  while (true) {
    if (c != QUOTE) return fail(at, KEY_EXPECTED);
    const key = at + 1;
    const found = stops(key);
    const end = found != 0 && load<u8>(key + ctz(found)) == QUOTE ? key + ctz(found) : closingQuote(key);
    if (end == 0) return 0;
    const escaped = (end & ESCAPED) != 0;
    const keyEnd = end & ~ESCAPED;
    if (escaped) addSurrogates(key, keyEnd);
    at = keyEnd + 1;
    c = load<u8>(at);
    if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
    if (c != COLON) return fail(at, COLON_EXPECTED);
    c = load<u8>(++at);
    if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));

    const clear = keys != 0 && isListed(keys, key, keyEnd - key, escaped);
    if (uniform) {
      at = value(at, c, state, clear, depth);
    } else {
      const child = memberState(state, key, keyEnd - key, escaped);
      const field = stateField(child);
      at =
        field == 0
          ? value(at, c, child, clear, depth)
          : fieldValue(at, c, child, field, key - 1, clear, depth);
    }
    if (at == 0) return 0;
    count++;
    c = load<u8>(at);
    if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
    if (c == COMMA) {
      c = load<u8>(++at);
      if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
    } else {
      endContainer(count);
      return c == CLOSE_BRACE ? at + 1 : fail(at, SEPARATOR_EXPECTED);
    }
  }
}

function array(at: usize, state: usize, clear: bool, depth: u32): usize {
  let count: u32 = 0;
  let c: u32 = load<u8>(at);
  if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
  if (c == CLOSE_BRACKET) {
    endContainer(0);
    return at + 1;
  }
  while (true) {
    at = value(at, c, state, clear, depth);
    if (at == 0) return 0;
    count++;
    c = load<u8>(at);
    if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
    if (c == COMMA) {
      c = load<u8>(++at);
      if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
    } else {
      endContainer(count);
      return c == CLOSE_BRACKET ? at + 1 : fail(at, SEPARATOR_EXPECTED);
    }
  }
}

/** Scans a value that the kernel itself reads, or that it treats by more than its path; its name begins with the quote at `name`. */
function fieldValue(
  at: usize,
  c: u32,
  state: usize,
  field: u32,
  name: usize,
  clear: bool,
  depth: u32,
): usize {
  beginField(field);
  if (field == REQUEST_HEADERS) {
    if (!headersApply) state = clearState();
    else if (c == OPEN_BRACE) return auditedHeaders(at + 1, depth + 1, value);
  } else if (field == REQUEST_DATA || field == RESPONSE_DATA) {
    readable = clearKeys(field == RESPONSE_DATA);
    const entry = rulesDrop() ? beginData(name, field) : 0;
    const end = value(at, c, state, false, depth);
    readable = 0;
    if (entry != 0 && end != 0) endData(entry, end);
    return end;
  } else if (field == WRAPPING && c == OPEN_BRACE) {
    beginWrapping();
    const end = value(at, c, state, clear, depth);
    if (end != 0) endWrapping(end - 1);
    return end;
  } else if ((field == LISTED_KEYS && c == OPEN_BRACKET) || (field == LISTED_INFO && c == OPEN_BRACE)) {
    const entry = planAt;
    addEntry(at, 0, ELIDED, 0);
    const end = value(at, c, state, clear, depth);
    store<u32>(entry, ((end - at) as u32) | (ELIDED << LENGTH_BITS), 4);
    store<u32>(entry, elements, 8);
    return end;
  }
  const end = value(at, c, state, clear, depth);
  if (c == QUOTE && end != 0) {
    noteField(field, at + 1, end - at - 2);
    // Hashed on every device, as some headers are: nobody else writes a line that says it.
    if (field == TYPE && isOwnType())
      addString(HEADER, at + 1, end - 1, plainEnd(at + 1, end - 1) != end - 1, false);
  }
  return end;
}
