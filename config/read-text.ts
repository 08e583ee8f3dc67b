import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { reasonOf } from './file-fault.ts';

/** What a configuration file holds, or why it cannot be read and at which byte. */
export type ReadText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'not_utf8'; readonly before: string };

/** Far above any real configuration; the parser needs time that grows with the square of the keys in a map. */
const largestFile = 1024 * 1024;

export function readText(file: string): ReadText {
  const unreadable = (detail: string): ReadText => ({
    kind: 'unreadable',
    message: `Cannot read configuration file "${file}": ${detail}`,
  });
  let bytes: Buffer;
  try {
    // Without O_NONBLOCK, opening a FIFO that nobody writes to would hold the process for ever.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(descriptor);
      if (stat.isDirectory()) return unreadable('it is a directory');
      if (stat.isFIFO() || stat.isSocket() || stat.isBlockDevice())
        return unreadable('it is not a regular file');
      if (stat.size > largestFile) return unreadable('it is larger than 1 MiB');
      bytes = readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return unreadable(reasonOf(error));
  }
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { kind: 'not_utf8', before: validStart(bytes) };
  }
}

/** The text up to the first byte that is not UTF-8: the replacement character stands where it goes wrong. */
function validStart(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  for (let at = text.indexOf('\ufffd'); at !== -1; at = text.indexOf('\ufffd', at + 1)) {
    const before = text.slice(0, at);
    const offset = Buffer.byteLength(before);
    // A replacement character that the file itself contains is not the fault.
    if (!bytes.subarray(offset, offset + 3).equals(Buffer.from('\ufffd'))) return before;
  }
  return text;
}
