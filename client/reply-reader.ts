import type { Refusal } from './verdict.ts';

/** What one reply says: the record is kept, or why it is not. */
export type Reply = 'recorded' | Refusal;

/** A reply is a few hundred bytes, with one entry for each device where the listener says so. */
const longestReply = 1024 * 1024;

const newline = 0x0a;

/** Takes replies out of the bytes of one connection. */
export class ReplyReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The replies that end in these bytes; `null` when the other side does not speak the ingest protocol. */
  read(bytes: Buffer): Reply[] | null {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const replies: Reply[] = [];
    let from = 0;
    for (let end = all.indexOf(newline); end !== -1; end = all.indexOf(newline, from)) {
      const reply = replyOf(all.toString('utf8', from, end));
      if (reply === null) return null;
      replies.push(reply);
      from = end + 1;
    }
    this.#rest = all.subarray(from);
    return this.#rest.length > longestReply ? null : replies;
  }
}

function replyOf(line: string): Reply | null {
  // Nearly all of them.
  if (line === '{"ok":true}') return 'recorded';
  try {
    const found: unknown = JSON.parse(line);
    if (typeof found !== 'object' || found === null || !('ok' in found)) return null;
    if (found.ok === true) return 'recorded';
    if (found.ok !== false || !('code' in found) || typeof found.code !== 'string') return null;
    const message = 'message' in found && typeof found.message === 'string' ? found.message : '';
    return { code: found.code, message };
  } catch {
    return null;
  }
}
