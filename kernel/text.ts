import { VECTOR_BYTES } from './numbers/limits';

// Characters of JSON that the scanner looks for.
export const QUOTE: u32 = 0x22;
export const BACKSLASH: u32 = 0x5c;
export const COMMA: u32 = 0x2c;
export const COLON: u32 = 0x3a;
export const OPEN_BRACE: u32 = 0x7b;
export const CLOSE_BRACE: u32 = 0x7d;
export const OPEN_BRACKET: u32 = 0x5b;
export const CLOSE_BRACKET: u32 = 0x5d;
export const NEWLINE: u32 = 0x0a;
export const RETURN: u32 = 0x0d;

/** The first byte at or after `at` that is no blank of RFC 8259 section 2. A newline is no blank here: it ends the record. */
export function skipBlanks(at: usize): usize {
  let c: u32 = load<u8>(at);
  while (c == 0x20 || c == 0x09 || c == RETURN) c = load<u8>(++at);
  return at;
}

/** Whether `length` bytes are equal; reads up to 15 bytes past both. */
export function same(a: usize, b: usize, length: usize): bool {
  let i: usize = 0;
  while (i + VECTOR_BYTES <= length) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
    i += VECTOR_BYTES;
  }
  const rest = length - i;
  if (rest == 0) return true;
  const differ = ~i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i)));
  return (differ & ((1 << (rest as i32)) - 1)) == 0;
}

/** Copies `length` bytes and up to 15 more, for which the destination has slack. */
export function copy(to: usize, from: usize, length: usize): void {
  if (length > 1024) {
    memory.copy(to, from, length);
    return;
  }
  let i: usize = 0;
  do {
    v128.store(to + i, v128.load(from + i));
    i += VECTOR_BYTES;
  } while (i < length);
}
