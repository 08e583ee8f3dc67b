export let faultAt: usize = 0;
export let faultCode: u32 = 0;

/** Notes where the record first became invalid; returns 0, which is never a position. */
export function fail(at: usize, code: u32): usize {
  faultAt = at;
  faultCode = code;
  return 0;
}
