// Why a record is refused. The format room has the words for each number.
export const ENDS_EARLY: u32 = 1;
export const NOT_AN_OBJECT: u32 = 2;
export const KEY_EXPECTED: u32 = 3;
export const COLON_EXPECTED: u32 = 4;
export const VALUE_EXPECTED: u32 = 5;
export const SEPARATOR_EXPECTED: u32 = 6;
export const BAD_NUMBER: u32 = 7;
export const BAD_LITERAL: u32 = 8;
export const CONTROL_CHARACTER: u32 = 9;
export const BAD_ESCAPE: u32 = 10;
export const NOT_UTF8: u32 = 11;
export const TOO_DEEP: u32 = 12;
export const TEXT_AFTER: u32 = 13;
export const TOO_LONG: u32 = 14;

export let faultAt: usize = 0;
export let faultCode: u32 = 0;

/** Remembers the first byte at which the record cannot be valid any more; returns 0, which no position is. */
export function fail(at: usize, code: u32): usize {
  faultAt = at;
  faultCode = code;
  return 0;
}
