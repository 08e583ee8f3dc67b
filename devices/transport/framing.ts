import { type Lines, lineStart } from '../../format/lines.ts';

/**
 * How a stream's reader finds where a message ends: by a newline behind it, or by its length before it (RFC 6587,
 * section 3.4.1), which also tells a message that broke off from a whole one.
 */
export type Framing = 'newline' | 'octet-counting';

const noHeader = Buffer.alloc(0);
const newline = 0x0a;
const space = 0x20;
const zero = 0x30;

/**
 * A frame for each line, in one buffer: `header`, the line without its newline, and what the framing adds. A message
 * (header and line) of more than `maxMessageBytes` becomes an empty frame. Lines that need nothing added are
 * returned as they are.
 */
export function frameLines(
  lines: Lines,
  framing: Framing,
  header: Buffer = noHeader,
  maxMessageBytes: number = Number.POSITIVE_INFINITY,
): Lines {
  if (framing === 'newline' && header.length === 0 && maxMessageBytes === Number.POSITIVE_INFINITY)
    return lines;
  const count = lines.ends.length;
  const ends = new Uint32Array(count);
  let total = 0;
  for (let index = 0; index < count; index++) {
    const length = header.length + lines.ends[index]! - lineStart(lines, index) - 1;
    if (length <= maxMessageBytes) total += length + (framing === 'newline' ? 1 : decimalDigits(length) + 1);
    ends[index] = total;
  }
  const bytes = Buffer.allocUnsafe(total);
  for (let index = 0; index < count; index++) {
    let at = index === 0 ? 0 : ends[index - 1]!;
    const end = ends[index]!;
    if (at === end) continue;
    const start = lineStart(lines, index);
    const stop = lines.ends[index]! - 1;
    if (framing === 'octet-counting') at = writeLength(bytes, at, header.length + stop - start);
    at += header.copy(bytes, at);
    lines.bytes.copy(bytes, at, start, stop);
    if (framing === 'newline') bytes[end - 1] = newline;
  }
  return { bytes, ends };
}

function decimalDigits(value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  return digits;
}

/** Writes `LEN SP` and returns the offset behind it. */
function writeLength(bytes: Buffer, at: number, length: number): number {
  const digits = decimalDigits(length);
  let rest = length;
  for (let place = at + digits - 1; place >= at; place--) {
    bytes[place] = zero + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  bytes[at + digits] = space;
  return at + digits + 1;
}
