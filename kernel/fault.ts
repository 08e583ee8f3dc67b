export let faultAt: usize = 0;
export let faultCode: u32 = 0;

/** Remembers the first byte at which the record cannot be valid any more; returns 0, which no position is. */
export function fail(at: usize, code: u32): usize {
  faultAt = at;
  faultCode = code;
  return 0;
}
