import type { Lines } from '../../format/lines.ts';

/** Lines to write, with what says which record each one is. */
export interface FittingLines {
  readonly lines: Lines;
  /** Record index of each line; null when every record has its line. */
  readonly records: Uint32Array | null;
  /** Records whose line was longer than the lane can hold. */
  readonly oversize: readonly number[];
}

/** Leaves out the empty lines that stand for records too large for the lane: no device is to see them. */
export function withoutOversize(rendered: Lines): FittingLines {
  const { bytes, ends } = rendered;
  const oversize: number[] = [];
  for (let record = 0, start = 0; record < ends.length; record++) {
    if (ends[record] === start) oversize.push(record);
    start = ends[record]!;
  }
  if (oversize.length === 0) return { lines: rendered, records: null, oversize };
  const left = new Set(oversize);
  const records = Uint32Array.from(ends.keys()).filter((record) => !left.has(record));
  return { lines: { bytes, ends: records.map((record) => ends[record]!) }, records, oversize };
}
