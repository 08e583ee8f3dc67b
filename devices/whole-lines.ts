/** How many lines lie wholly within the first `bytes` bytes. `ends` are the offsets behind each line. */
export function wholeLines(ends: Uint32Array, bytes: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! <= bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}
