/** Nanoseconds per unit; `µs` is written with U+00B5 or U+03BC. */
const unitNanoseconds: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['\u00b5s', 1e3],
  ['\u03bcs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);

const bareSeconds = /^(?:\d+(?:\.\d*)?|\.\d+)$/;
const unitedPart = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;

/** What Go's time.Duration can hold (2^63 ns, 292 years); more is a slip of the finger. */
const limitNanoseconds = 2 ** 63;

/**
 * Milliseconds of a duration as Go's time.ParseDuration reads it (`1m30s`, `250ms`, `1.5h`), or of a bare number,
 * which counts seconds as it does for Vault's options. `null` for anything else, negative ones included. The
 * result may have a fraction: `500us` is 0.5.
 */
export function parseDuration(text: string): number | null {
  if (bareSeconds.test(text)) return inMilliseconds(nanoseconds(text, 's'));
  let total = 0;
  unitedPart.lastIndex = 0;
  while (unitedPart.lastIndex < text.length) {
    const part = unitedPart.exec(text);
    if (part === null) return null;
    total += nanoseconds(part[1]!, part[2]!);
  }
  return text === '' ? null : inMilliseconds(total);
}

/** Rounded, because 1.001 s times 1e9 is not a whole number in binary fractions. */
function nanoseconds(count: string, unit: string): number {
  return Math.round(Number(count) * unitNanoseconds.get(unit)!);
}

function inMilliseconds(total: number): number | null {
  return total < limitNanoseconds ? total / 1e6 : null;
}
