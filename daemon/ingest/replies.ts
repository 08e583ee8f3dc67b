import type { Batch } from '../delivery/batch.ts';
import type { RefusalCode } from './refusals.ts';

const okLine = Buffer.from('{"ok":true}\n');
let okLines = okLine;

/** `count` times the reply that nearly every record gets; the bytes are shared and must not be changed. */
export function okReplies(count: number): Buffer {
  const bytes = count * okLine.length;
  if (okLines.length < bytes) {
    // Enough for the largest batch that a chunk of tiny records makes; a larger count is rare and gets its own.
    if (count > 32_768) return Buffer.alloc(bytes, okLine);
    okLines = Buffer.alloc(2 ** Math.ceil(Math.log2(count)) * okLine.length, okLine);
  }
  return okLines.subarray(0, bytes);
}

/** The reply line for a refused record. `message` may be shown to anyone: no record content. */
export function refusal(code: RefusalCode, message: string): string {
  return `${JSON.stringify({ ok: false, code, message })}\n`;
}

/** How a record is named in a reply that lists the devices. */
export interface RecordName {
  /** `request.id`; empty when the record has none. */
  readonly id: string;
  /** `request` or `response`; empty when the record has none. */
  readonly type: string;
}

/** The reply line of a `replies: devices` listener: what became of the record on each device. */
export function devicesReply(
  name: RecordName,
  batch: Batch | null,
  record: number,
  refused: { readonly code: RefusalCode; readonly message: string } | null,
): string {
  const devices = Object.fromEntries(
    (batch?.paths ?? []).map((path, slot) => [path, batch!.outcome(slot, record)]),
  );
  return `${JSON.stringify({ ok: refused === null, ...refused, ...name, devices })}\n`;
}
