import type { AuditRecord } from './record.ts';

/** A record, or its JSON text in UTF-8, which is sent as it is. */
export type Entry = AuditRecord | string | Uint8Array;

const newline = 0x0a;

/** The record as a line; `null` when it cannot be one, which leaves nothing of it in an error's text. */
export function lineOf(entry: Entry): Buffer | null {
  try {
    if (entry instanceof Uint8Array) return line(Buffer.from(entry.buffer, entry.byteOffset, entry.length));
    const text = typeof entry === 'string' ? entry : JSON.stringify(entry);
    // What has a `toJSON` can be anything.
    return typeof text === 'string' ? line(Buffer.from(text)) : null;
  } catch {
    return null;
  }
}

/** A newline at the end is allowed; another would make two records of one, and an empty line gets no reply. */
function line(bytes: Buffer): Buffer | null {
  const end = bytes.indexOf(newline);
  if (end !== -1 && end !== bytes.length - 1) return null;
  const content = end === -1 ? bytes : bytes.subarray(0, end);
  if (content.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) return null;
  return Buffer.concat([content, Buffer.of(newline)]);
}
