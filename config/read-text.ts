import { reasonOf } from './file-fault.ts';
import { readSmallFileSync } from './small-file.ts';

/** What a configuration file holds, or why it cannot be read and at which byte. */
export type ReadText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'not_utf8'; readonly before: string };

/** The parser needs time that grows with the square of the keys in a map. */
const rules = { maxBytes: 1024 * 1024, secret: false };

export function readText(file: string): ReadText {
  let bytes: Buffer;
  try {
    ({ bytes } = readSmallFileSync(file, rules));
  } catch (error) {
    return {
      kind: 'unreadable',
      message: `Cannot read configuration file "${file}": ${reasonOf(error)}`,
    };
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
