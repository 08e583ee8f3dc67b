/** What a listener said about one record. */
export type Reply =
  | { readonly kind: 'ok' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** Not a reply at all: whoever listens there is not an ingest listener. */
  | { readonly kind: 'foreign' };

const plainOk = Buffer.from('{"ok":true}');
const ok: Reply = { kind: 'ok' };
const foreign: Reply = { kind: 'foreign' };

/** Reads one reply line, without its newline, of a listener with `replies: status` or `replies: devices`. */
export function readReply(line: Buffer): Reply {
  if (line.equals(plainOk)) return ok;
  let value: unknown;
  try {
    value = JSON.parse(line.toString());
  } catch {
    return foreign;
  }
  if (typeof value !== 'object' || value === null || !('ok' in value)) return foreign;
  if (value.ok === true) return ok;
  if (value.ok !== false) return foreign;
  const code = 'code' in value && typeof value.code === 'string' ? value.code : 'unknown';
  const message = 'message' in value && typeof value.message === 'string' ? value.message : '';
  return { kind: 'refused', code, message };
}
