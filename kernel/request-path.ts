const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;
const PERCENT: u32 = 0x25;

/** Where the query or the fragment of a path begins, or `end`. */
export function addressEnd(at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x3f)), i8x16.eq(bytes, i8x16.splat(0x23))),
    );
    if (found != 0) return min(at + ctz(found), end);
  }
  return end;
}

/**
 * Whether a server may take the path for another one, because a segment of it is `.` or `..`: behind `/health/../orders` may be
 * the orders. Segments are those that any server sees, be the dots or the slashes spelt with percent signs.
 */
export function isAmbiguous(at: usize, end: usize): bool {
  if (!hasDots(at, end)) return false;
  /** Dots of the segment, if it has nothing else. */
  let dots: u32 = 0;
  let isOther = false;
  while (true) {
    const isEnd = at >= end;
    let c = isEnd ? SLASH : (load<u8>(at++) as u32);
    if (c == PERCENT && at + 2 <= end) {
      const spelt = load<u16>(at) | 0x2020;
      // `2e`, `2f` and `5c` in either case, little-endian; digits have that bit already.
      if (spelt == 0x6532) c = DOT;
      else if (spelt == 0x6632 || spelt == 0x6335) c = SLASH;
      if (c != PERCENT) at += 2;
    }
    // A semicolon ends what some servers look at of a segment.
    if (c == SLASH || c == 0x5c || c == 0x3b) {
      if (!isOther && (dots == 1 || dots == 2)) return true;
      if (isEnd) return false;
      dots = 0;
      isOther = false;
    } else if (c == DOT) {
      dots++;
    } else {
      isOther = true;
    }
  }
}

/** Whether there is a dot in it, or anything that may stand for one. */
function hasDots(at: usize, end: usize): bool {
  for (; at < end; at += 16) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(
      v128.or(i8x16.eq(bytes, i8x16.splat(DOT as i8)), i8x16.eq(bytes, i8x16.splat(PERCENT as i8))),
    );
    if (found != 0) return at + ctz(found) < end;
  }
  return false;
}
