import type { Lines, RenderedLines } from '../../format/lines.ts';

/** Lines to write, with what says which record each one is. */
export interface PresentLines {
  readonly lines: Lines;
  /** Record index of each line; null when every record has its line. */
  readonly records: Uint32Array | null;
}

/** Leaves out the empty lines that stand for records without one: no device is to see them. */
export function withoutAbsent(rendered: RenderedLines): PresentLines {
  const { bytes, ends, absences } = rendered;
  if (absences.size === 0) return { lines: rendered, records: null };
  const records = Uint32Array.from(ends.keys()).filter((record) => !absences.has(record));
  return { lines: { bytes, ends: records.map((record) => ends[record]!) }, records };
}
