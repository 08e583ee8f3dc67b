import type { Lines } from '../../format/lines.ts';

/** Occurs in every line the tests write, and must never occur in what a device says of a failure. */
export const recordMarker = 'hvs.RecordContent';

/** Lines as a lane would hand them over. */
export function linesOf(texts: readonly string[]): Lines {
  const ends = new Uint32Array(texts.length);
  let total = 0;
  const parts = texts.map((text, index) => {
    const part = Buffer.from(`${text}\n`);
    total += part.length;
    ends[index] = total;
    return part;
  });
  return { bytes: Buffer.concat(parts), ends };
}

/** A record's text of exactly `bytes` bytes that no other number has. */
export function recordText(number: number, bytes: number): string {
  const start = `{"number":${number},"token":"${recordMarker}","fill":"`;
  return `${start}${'x'.repeat(Math.max(0, bytes - start.length - 2))}"}`;
}

/** `count` records' texts from number `first` on. */
export function recordTexts(first: number, count: number, bytes: number): string[] {
  return Array.from({ length: count }, (_, index) => recordText(first + index, bytes));
}
