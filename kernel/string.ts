import { fail } from './fault';
import { BAD_ESCAPE, CONTROL_CHARACTER } from './numbers/faults';
import { BACKSLASH, QUOTE } from './text';

/** Flag in the position of a closing quote: the string has escapes. Positions themselves are smaller. */
export const ESCAPED: usize = 0x80000000;

/** Of the 16 bytes at `at`, a bit for each that ends a run of plain string bytes: quote, backslash, control character. */
export function stops(at: usize): i32 {
  const v = v128.load(at);
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))),
      i8x16.eq(v, i8x16.min_u(v, i8x16.splat(0x1f))),
    ),
  );
}

/**
 * The closing quote of the string whose first byte is at `at`, with `ESCAPED` added where there are escapes;
 * 0 when it is not a string. The newline after every record stops it like any control character.
 */
export function closingQuote(at: usize): usize {
  let escaped: usize = 0;
  while (true) {
    const found = stops(at);
    if (found == 0) {
      at += 16;
      continue;
    }
    at += ctz(found);
    const c: u32 = load<u8>(at);
    if (c == QUOTE) return at | escaped;
    if (c != BACKSLASH) return fail(at, CONTROL_CHARACTER);
    escaped = ESCAPED;
    at = afterEscape(at);
    if (at == 0) return 0;
  }
}

/** Whether a surrogate was spelt as an escape since `forgetSurrogates`. */
export let sawSurrogate: bool = false;

export function forgetSurrogates(): void {
  sawSurrogate = false;
}

function afterEscape(at: usize): usize {
  const c: u32 = load<u8>(at + 1);
  if (c == 0x75) {
    for (let i: usize = 2; i < 6; i++) {
      if (hexValue(load<u8>(at + i)) > 15) return fail(at + i, BAD_ESCAPE);
    }
    // \ud800 to \udfff: the second digit is 8 or more.
    if ((load<u8>(at + 2) | 0x20) == 0x64 && load<u8>(at + 3) >= 0x38) sawSurrogate = true;
    return at + 6;
  }
  switch (c) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 2;
  }
  return fail(at + 1, BAD_ESCAPE);
}

/** The value of a hexadecimal digit; 16 when `c` is none. */
function hexValue(c: u32): u32 {
  if (c - 0x30 < 10) return c - 0x30;
  const letter = (c | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 16;
}
