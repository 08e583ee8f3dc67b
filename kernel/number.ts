import { fail } from './fault';
import { BAD_LITERAL, BAD_NUMBER } from './numbers/faults';

/** The byte after the number at `at` (RFC 8259 section 6), which begins with a minus or a digit; 0 when it is malformed. */
export function numberEnd(at: usize): usize {
  let c: u32 = load<u8>(at);
  if (c == 0x2d) c = load<u8>(++at);
  if (c == 0x30) {
    c = load<u8>(++at);
    // "01": what follows a leading zero cannot be a digit.
    if (c - 0x30 < 10) return fail(at, BAD_NUMBER);
  } else {
    if (c - 0x30 > 9) return fail(at, BAD_NUMBER);
    do c = load<u8>(++at);
    while (c - 0x30 < 10);
  }
  if (c == 0x2e) {
    c = load<u8>(++at);
    if (c - 0x30 > 9) return fail(at, BAD_NUMBER);
    do c = load<u8>(++at);
    while (c - 0x30 < 10);
  }
  if ((c | 0x20) == 0x65) {
    c = load<u8>(++at);
    if (c == 0x2b || c == 0x2d) c = load<u8>(++at);
    if (c - 0x30 > 9) return fail(at, BAD_NUMBER);
    do c = load<u8>(++at);
    while (c - 0x30 < 10);
  }
  return at;
}

/** The byte after `true`, `null` or `fals` at `at`, given as a little-endian number; 0 when other letters stand there. */
export function literalEnd(at: usize, letters: u32): usize {
  if (load<u32>(at) == letters) return at + 4;
  for (let i: usize = 0; i < 4; i++) {
    if (load<u8>(at + i) != ((letters >> ((i as u32) * 8)) & 0xff)) return fail(at + i, BAD_LITERAL);
  }
  return 0;
}
