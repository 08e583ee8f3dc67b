import { type Lines, lineStart } from '../../format/lines.ts';

/**
 * How a stream's reader finds where a message ends: by a newline behind it, or by its length before it (RFC 6587,
 * section 3.4.1), which also tells a message that broke off from a whole one.
 *
 * A counted message ends in a newline as well, which is counted: rsyslog reads a frame that is longer than its
 * `MaxFrameSize` up to a newline, and would never find the next one's beginning.
 */
export type Framing = 'newline' | 'octet-counting';

const noHeader = Buffer.alloc(0);
const space = 0x20;
const zero = 0x30;

/**
 * A frame for each line, in one buffer: what the framing puts first, `header`, and the line with its newline. A message
 * of more than `maxMessageBytes` (header, line and, where it is counted, the newline) becomes an empty frame. Lines
 * that need nothing added are returned as they are.
 */
export function frameLines(
  lines: Lines,
  framing: Framing,
  header: Buffer = noHeader,
  maxMessageBytes: number = Number.POSITIVE_INFINITY,
): Lines {
  if (framing === 'newline' && header.length === 0 && maxMessageBytes === Number.POSITIVE_INFINITY)
    return lines;
  const counted = framing === 'octet-counting';
  const longest = counted ? maxMessageBytes : maxMessageBytes + 1;
  const count = lines.ends.length;
  const ends = new Uint32Array(count);
  let total = 0;
  for (let index = 0; index < count; index++) {
    const length = header.length + lines.ends[index]! - lineStart(lines, index);
    if (length <= longest) total += length + (counted ? decimalDigits(length) + 1 : 0);
    ends[index] = total;
  }
  const bytes = Buffer.allocUnsafe(total);
  for (let index = 0; index < count; index++) {
    let at = index === 0 ? 0 : ends[index - 1]!;
    if (at === ends[index]!) continue;
    const start = lineStart(lines, index);
    const stop = lines.ends[index]!;
    if (counted) at = writeLength(bytes, at, header.length + stop - start);
    at += header.copy(bytes, at);
    lines.bytes.copy(bytes, at, start, stop);
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
