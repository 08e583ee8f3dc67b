import { fail } from './fault';
import { OPEN } from './layout';
import { escapedString, isListed, literal, number, plainString } from './leaves';
import { CLEAR } from './numbers/actions';
import { COLON_EXPECTED, KEY_EXPECTED, SEPARATOR_EXPECTED, TOO_DEEP } from './numbers/faults';
import { DEEPEST } from './numbers/limits';
import { stateAction } from './policy';
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

/** Number of members or elements of the container that ended last. */
export let elements: u32 = 0;

export function endContainer(count: u32): void {
  elements = count;
}

// What is noted of an open container: a byte for each level, from `OPEN` on.
const OBJECT: u8 = 1;
/** Strings directly in it stay readable, if it is an array. */
const READABLE: u8 = 2;

/**
 * Scans a container of which `c`, at `at`, is the opening bracket, and all that is in it has the same state; returns the byte after it,
 * or 0. `keys` are those whose strings stay readable; `depth` is the number of containers around it.
 *
 * A record may be nested deeper than the stack allows calls. Paths of a policy are short, so only where no path leads any further can
 * a sender choose the depth; that is why there are no calls by depth here.
 */
export function nested(at: usize, c: u32, state: usize, keys: usize, clear: bool, depth: u32): usize {
  const action = stateAction(state);
  const bottom = OPEN + (depth as usize) + 1;
  let level = bottom - 1;
  let isObject: bool = false;
  let count: u32 = 0;
  while (true) {
    if (isObject) {
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
      clear = keys != 0 && isListed(keys, key, keyEnd - key, escaped);
    }
    if (level == bottom) count++;

    if (c == QUOTE) {
      at++;
      const found = stops(at);
      const end = found != 0 && load<u8>(at + ctz(found)) == QUOTE ? at + ctz(found) : closingQuote(at);
      if (end == 0) return 0;
      if (end < ESCAPED) {
        if (action != CLEAR) plainString(at, end, action, clear);
        at = end + 1;
      } else {
        at = escapedString(at, end & ~ESCAPED, action, clear);
      }
    } else if (c == OPEN_BRACE || c == OPEN_BRACKET) {
      if (level == OPEN + (DEEPEST as usize)) return fail(at, TOO_DEEP);
      isObject = c == OPEN_BRACE;
      store<u8>(++level, (isObject ? OBJECT : 0) | (clear ? READABLE : 0));
      c = load<u8>(++at);
      if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
      if (c != (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) continue;
    } else {
      at = c == 0x2d || c - 0x30 < 10 ? number(at, state, clear) : literal(at, c);
      if (at == 0) return 0;
    }

    while (true) {
      c = load<u8>(at);
      if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
      if (c == COMMA) {
        c = load<u8>(++at);
        if (c <= 0x20) c = load<u8>((at = skipBlanks(at)));
        break;
      }
      if (c != (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return fail(at, SEPARATOR_EXPECTED);
      at++;
      if (level == bottom) {
        elements = count;
        return at;
      }
      const open = load<u8>(--level);
      isObject = (open & OBJECT) != 0;
      clear = (open & READABLE) != 0;
    }
  }
}
