const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** In the largest unit that is at least one: `3m`. */
export function age(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return '?';
  for (const [unit, length] of units) {
    if (milliseconds >= length) return `${Math.floor(milliseconds / length)}${unit}`;
  }
  return `${Math.max(0, Math.round(milliseconds))}ms`;
}

/** In powers of 1024: `1.6MiB`. */
export function size(bytes: number): string {
  for (const [unit, length] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (bytes >= length) return `${Math.round((bytes / length) * 10) / 10}${unit}`;
  }
  return `${bytes}B`;
}
