import type { Batch } from '../delivery/batch.ts';
import type { Refusal } from './refusals.ts';

/** How a record is named in a reply that lists the devices. */
export interface RecordName {
  /** `request.id`; empty when the record has none. */
  readonly id: string;
  /** `request` or `response`; empty when the record has none. */
  readonly type: string;
}

/** What became of a record on each device, by path. */
export type DeviceOutcomes = Readonly<Record<string, ReturnType<Batch['outcome']>>>;

/** The reply to a record, or the same to several in a row. */
export type Reply =
  | { readonly kind: 'ok'; readonly records: number }
  | { readonly kind: 'refused'; readonly records: number; readonly refusal: Refusal }
  | {
      readonly kind: 'devices';
      readonly records: 1;
      readonly refusal: Refusal | null;
      readonly name: RecordName;
      readonly devices: DeviceOutcomes;
    };

const okText = '{"ok":true}';
const okLine = Buffer.from(`${okText}\n`);
let okLines = okLine;

/** The lines that tell a stream's client; the bytes may be shared and must not be changed. */
export function replyLines(replies: readonly Reply[]): Buffer {
  let records = 0;
  for (const reply of replies) {
    if (reply.kind !== 'ok') return Buffer.concat(replies.map(linesOf));
    records += reply.records;
  }
  return okReplies(records);
}

/** One reply as JSON, the same for each of its records. */
export function replyText(reply: Reply): string {
  switch (reply.kind) {
    case 'ok':
      return okText;
    case 'refused':
      return JSON.stringify({ ok: false, ...reply.refusal });
    case 'devices': {
      const { refusal, name, devices } = reply;
      return JSON.stringify({ ok: refusal === null, ...refusal, ...name, devices });
    }
  }
}

/** As long as the refusal itself is known. */
const refusalLines = new WeakMap<Refusal, Buffer>();

function linesOf(reply: Reply): Buffer {
  if (reply.kind === 'ok') return okReplies(reply.records);
  if (reply.kind === 'devices') return Buffer.from(`${replyText(reply)}\n`);
  let line = refusalLines.get(reply.refusal);
  if (line === undefined) {
    line = Buffer.from(`${replyText(reply)}\n`);
    refusalLines.set(reply.refusal, line);
  }
  return reply.records === 1 ? line : Buffer.alloc(reply.records * line.length, line);
}

/** `count` times the reply that nearly every record gets. */
function okReplies(count: number): Buffer {
  const bytes = count * okLine.length;
  if (okLines.length < bytes) {
    // Enough for the largest batch that a chunk of tiny records makes; a larger count is rare and gets its own.
    if (count > 32_768) return Buffer.alloc(bytes, okLine);
    okLines = Buffer.alloc(2 ** Math.ceil(Math.log2(count)) * okLine.length, okLine);
  }
  return okLines.subarray(0, bytes);
}

/** Adds one record's reply, to the run before it if that is the same; `refusal` is compared as an object. */
export function addReply(replies: Reply[], refusal: Refusal | null): void {
  const last = replies.at(-1);
  const same = refusal === null ? last?.kind === 'ok' : last?.kind === 'refused' && last.refusal === refusal;
  const records = same ? last!.records + 1 : 1;
  if (same) replies.pop();
  replies.push(refusal === null ? { kind: 'ok', records } : { kind: 'refused', records, refusal });
}
