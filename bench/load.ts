import net from 'node:net';

/** Records to send over and over, laid out so that any run of them is one slice. */
export interface Records {
  readonly bytes: Buffer;
  /** Offset behind each record's newline. */
  readonly ends: readonly number[];
}

export function recordsOf(bytes: Buffer): Records {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) ends.push(at + 1);
  return { bytes, ends };
}

export interface LoadResult {
  readonly records: number;
  readonly seconds: number;
  /** Of one record's way from the write to its reply, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Replies that were not `{"ok":true}`. */
  readonly refused: number;
}

const okReply = '{"ok":true}\n';

/** Sends `count` records with `window` of them unanswered at a time, and measures each one's latency. */
export function sendLoad(
  socketPath: string,
  records: Records,
  count: number,
  window: number,
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    const sentAt = new Float64Array(window);
    const latencies = new Float64Array(count);
    let sent = 0;
    let answered = 0;
    let refused = 0;
    let unread = 0;
    let started = 0;

    const send = (): void => {
      const now = performance.now();
      while (sent < count && sent - answered < window) {
        const from = sent % records.ends.length;
        const many = Math.min(window - (sent - answered), count - sent, records.ends.length - from);
        for (let each = 0; each < many; each++) sentAt[(sent + each) % window] = now;
        const start = from === 0 ? 0 : records.ends[from - 1]!;
        socket.write(records.bytes.subarray(start, records.ends[from + many - 1]!));
        sent += many;
      }
    };
    socket.on('connect', () => {
      started = performance.now();
      send();
    });
    socket.on('data', (chunk: Buffer) => {
      const now = performance.now();
      let replies = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) {
        latencies[answered + replies] = now - sentAt[(answered + replies) % window]!;
        replies++;
      }
      // Whole `ok` lines have one length; anything else shows in the byte count.
      unread += chunk.length - replies * okReply.length;
      answered += replies;
      if (answered === count) {
        if (unread !== 0) refused = count;
        socket.end();
        latencies.sort();
        const seconds = (now - started) / 1000;
        const at = (share: number): number => latencies[Math.min(count - 1, Math.floor(count * share))]!;
        resolve({ records: count, seconds, p50: at(0.5), p99: at(0.99), refused });
        return;
      }
      send();
    });
    socket.on('error', reject);
  });
}
