/**
 * The first few of what may be many, and how many are left out: whoever made thirty thousand mistakes reads some of them,
 * and an answer about all would be larger than what it answers.
 */
export function firstOf<T>(
  all: readonly T[],
  most: number,
): { readonly first: readonly T[]; readonly more: number } {
  return { first: all.slice(0, most), more: Math.max(0, all.length - most) };
}

/** `and 29,990 more`. */
export function andMore(more: number): string {
  return `and ${more.toLocaleString('en')} more`;
}
