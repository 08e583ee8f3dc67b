const unitBytes: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['kB', 1000],
  ['KB', 1000],
  ['MB', 1000 ** 2],
  ['GB', 1000 ** 3],
  ['TB', 1000 ** 4],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
  ['TiB', 1024 ** 4],
]);

const sizePattern = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/;

/**
 * Bytes of a size such as `64MiB` (binary), `10MB` (decimal) or `4096` (bytes). `null` for anything else: `64M`
 * means different things to different programs, and so it means nothing here. A fraction (`1.5GiB`) is good when
 * it comes out as whole bytes, and every result is a safe integer.
 */
export function parseByteSize(text: string): number | null {
  const match = sizePattern.exec(text);
  if (match === null) return null;
  const unit = unitBytes.get(match[2]!);
  if (unit === undefined) return null;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}
