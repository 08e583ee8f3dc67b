/**
 * Whole lines in one buffer: what lanes queue and devices write.
 *
 * Line `i` is `bytes.subarray(i === 0 ? 0 : ends[i - 1], ends[i])` and includes its final `\n`.
 *
 * The bytes belong to whoever holds the value: nothing reuses them, so they may be handed to the operating
 * system for as long as a write takes.
 */
export interface Lines {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
}

/**
 * Why a device gets no line for a record: `too_large`: the line would be longer than the limit it was rendered with;
 * `filtered`: the device does not want the record.
 */
export type Absence = 'too_large' | 'filtered';

/** The lines of one batch for one device, one a record. An absent line is empty: the device never sees it. */
export interface RenderedLines extends Lines {
  /** Why lines are absent, by record in ascending order; every other line is there. */
  readonly absences: ReadonlyMap<number, Absence>;
  /** `request.id` of a record whose line was too large; `null` when there is none such. */
  readonly tooLarge: string | null;
}

const noAbsences: ReadonlyMap<number, Absence> = new Map();

/** Lines as they were rendered under a limit: those that are empty were too large for it. `idOf`: `request.id` of a line's record. */
export function renderedLines(
  bytes: Buffer,
  ends: Uint32Array,
  idOf: (line: number) => string,
): RenderedLines {
  let absences: Map<number, Absence> | null = null;
  let tooLarge: string | null = null;
  for (let record = 0, start = 0; record < ends.length; record++) {
    const end = ends[record]!;
    if (end === start) {
      absences ??= new Map();
      absences.set(record, 'too_large');
      tooLarge ??= idOf(record);
    }
    start = end;
  }
  return { bytes, ends, absences: absences ?? noAbsences, tooLarge };
}

/** The offset in `lines.bytes` at which line `index` starts. */
export function lineStart(lines: Lines, index: number): number {
  return index === 0 ? 0 : lines.ends[index - 1]!;
}

/** Lines `from` up to and without `to`, sharing the bytes. */
export function sliceLines(lines: Lines, from: number, to: number): Lines {
  const start = lineStart(lines, from);
  const end = to === 0 ? 0 : lines.ends[to - 1]!;
  return {
    bytes: lines.bytes.subarray(start, end),
    ends: lines.ends.slice(from, to).map((at) => at - start),
  };
}

/** All lines of `parts` in order, as one value with one contiguous buffer. */
export function joinLines(parts: readonly Lines[]): Lines {
  if (parts.length === 1) return parts[0]!;
  let count = 0;
  for (const part of parts) count += part.ends.length;
  const ends = new Uint32Array(count);
  let at = 0;
  let offset = 0;
  for (const part of parts) {
    for (const end of part.ends) ends[at++] = offset + end;
    offset += part.bytes.length;
  }
  return {
    bytes: Buffer.concat(
      parts.map((part) => part.bytes),
      offset,
    ),
    ends,
  };
}
