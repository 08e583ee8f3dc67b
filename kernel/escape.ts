import { copy } from './text';

export let escapeEnd: usize = 0;

/**
 * The code point of the valid escape whose backslash is at `at`. A surrogate pair is one code point, half of a pair is U+FFFD
 * (as encoding/json and TextEncoder do). Sets `escapeEnd` to the byte after the escape.
 */
export function escapedPoint(at: usize): u32 {
  const c: u32 = load<u8>(at + 1);
  if (c != 0x75) {
    escapeEnd = at + 2;
    switch (c) {
      case 0x62:
        return 8;
      case 0x66:
        return 12;
      case 0x6e:
        return 10;
      case 0x72:
        return 13;
      case 0x74:
        return 9;
    }
    return c;
  }
  escapeEnd = at + 6;
  const point = fourDigits(at + 2);
  if ((point & 0xf800) != 0xd800) return point;
  if (point < 0xdc00 && load<u16>(at + 6) == 0x755c) {
    const low = fourDigits(at + 8);
    if ((low & 0xfc00) == 0xdc00) {
      escapeEnd = at + 12;
      return 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  return 0xfffd;
}

function fourDigits(at: usize): u32 {
  return (
    (digit(load<u8>(at)) << 12) |
    (digit(load<u8>(at + 1)) << 8) |
    (digit(load<u8>(at + 2)) << 4) |
    digit(load<u8>(at + 3))
  );
}

function digit(c: u32): u32 {
  return c < 0x3a ? c - 0x30 : (c | 0x20) - 0x57;
}

/** Writes a code point as UTF-8; returns the byte after it. */
export function storePoint(to: usize, point: u32): usize {
  if (point < 0x80) {
    store<u8>(to, point);
    return to + 1;
  }
  if (point < 0x800) {
    store<u8>(to, 0xc0 | (point >> 6));
    store<u8>(to + 1, 0x80 | (point & 0x3f));
    return to + 2;
  }
  if (point < 0x10000) {
    store<u8>(to, 0xe0 | (point >> 12));
    store<u8>(to + 1, 0x80 | ((point >> 6) & 0x3f));
    store<u8>(to + 2, 0x80 | (point & 0x3f));
    return to + 3;
  }
  store<u8>(to, 0xf0 | (point >> 18));
  store<u8>(to + 1, 0x80 | ((point >> 12) & 0x3f));
  store<u8>(to + 2, 0x80 | ((point >> 6) & 0x3f));
  store<u8>(to + 3, 0x80 | (point & 0x3f));
  return to + 4;
}

/** The first backslash from `at`, or `end`. */
export function plainEnd(at: usize, end: usize): usize {
  while (at < end) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x5c)));
    if (found != 0) {
      at += ctz(found);
      return at < end ? at : end;
    }
    at += 16;
  }
  return end;
}

/** Writes the text of the valid string bytes from `at` up to `end`, which it never exceeds; returns the byte after it. */
export function decode(at: usize, end: usize, to: usize): usize {
  while (true) {
    const plain = plainEnd(at, end);
    if (plain > at) {
      copy(to, at, plain - at);
      to += plain - at;
    }
    if (plain == end) return to;
    to = storePoint(to, escapedPoint(plain));
    at = escapeEnd;
  }
}
