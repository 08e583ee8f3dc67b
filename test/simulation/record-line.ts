import { type Lines, lineStart } from '../../format/lines.ts';

const marker = Buffer.from('"id":"r');
const zero = 0x30;
const quote = 0x22;

/** The `request.id` by which the simulator knows a record: `r` and its number. */
export function recordId(record: number): string {
  return `r${record}`;
}

/** The number of the record with this text, or with its beginning; -1 when it has none. */
export function numberOf(text: string): number {
  return Number(/"id":"r([0-9]+)"/.exec(text)?.[1] ?? -1);
}

/** The record numbers of lines as a device is given them. */
export function recordsOf(lines: Lines): number[] {
  const records: number[] = [];
  for (let line = 0; line < lines.ends.length; line++) {
    const start = lineStart(lines, line);
    let at = lines.bytes.indexOf(marker, start) + marker.length;
    if (at < start + marker.length || at >= lines.ends[line]!)
      throw new Error(`Line ${line} has no record id`);
    let record = 0;
    for (; lines.bytes[at] !== quote; at++) record = record * 10 + lines.bytes[at]! - zero;
    records.push(record);
  }
  return records;
}

export function lineBytes(lines: Lines, line: number): number {
  return lines.ends[line]! - lineStart(lines, line);
}
