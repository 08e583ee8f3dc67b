/**
 * The start of the first sequence in [at, end) that is not UTF-8 by RFC 3629 (overlong forms, surrogates and
 * points above U+10FFFF are not), or `end`. The byte at `end` is a newline, so no sequence runs past it.
 */
export function invalidUtf8(at: usize, end: usize): usize {
  while (at < end) {
    const high = i8x16.bitmask(v128.load(at));
    if (high == 0) {
      at += 16;
      continue;
    }
    at += ctz(high);
    if (at >= end) return end;
    do {
      const size = sequenceSize(at);
      if (size == 0) return at;
      at += size;
    } while (load<u8>(at) >= 0x80);
  }
  return end;
}

/** Bytes of the sequence that starts with the non-ASCII byte at `at`; 0 when it is not valid. */
function sequenceSize(at: usize): usize {
  const first: u32 = load<u8>(at);
  if (first < 0xc2) return 0;
  const second: u32 = load<u8>(at + 1);
  if ((second & 0xc0) != 0x80) return 0;
  if (first < 0xe0) return 2;
  if ((load<u8>(at + 2) & 0xc0) != 0x80) return 0;
  if (first < 0xf0) {
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;
    return 3;
  }
  if (first > 0xf4 || (load<u8>(at + 3) & 0xc0) != 0x80) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return 4;
}
