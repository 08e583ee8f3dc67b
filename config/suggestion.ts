/**
 * The one of `known` that was probably meant by `found`, or `null` when none is near: at most one slip (a letter
 * wrong, missing, too many, or two swapped) for each three letters, and case and `-` for `_` are no slip. Ties go
 * to the earlier one.
 */
export function suggest(found: string, known: readonly string[]): string | null {
  // What is far longer than any name is not a misspelt one, and the comparison costs length times length.
  if (found.length > 100) return null;
  const wanted = folded(found);
  let best: string | null = null;
  let bestSlips = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const slips = slipsBetween(wanted, folded(candidate));
    if (
      slips <= Math.max(1, Math.floor(candidate.length / 3)) &&
      slips < bestSlips &&
      slips < candidate.length
    ) {
      best = candidate;
      bestSlips = slips;
    }
  }
  return best;
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

/** Optimal string alignment distance: Levenshtein's, with a swap of neighbours as one slip. */
function slipsBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, beforeLast[column - 2]! + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}
