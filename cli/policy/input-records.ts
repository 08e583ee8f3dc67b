/** A line of the input that is not empty. */
export interface InputRecord {
  /** Counted from 1. */
  readonly line: number;
  /** Without the line end; `null` when it is longer than it may be. */
  readonly bytes: Buffer | null;
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/** The records of an input, one a line. Of one that is longer than `mostBytes` no more than that is ever held. */
export async function* inputRecords(
  chunks: AsyncIterable<Buffer>,
  mostBytes: number,
): AsyncGenerator<InputRecord> {
  let line = 1;
  let begun: Buffer[] = [];
  let length = 0;
  const ended = (): InputRecord | null => {
    const bytes = length > mostBytes + 1 ? null : withoutReturn(Buffer.concat(begun));
    [begun, length] = [[], 0];
    if (bytes?.length === 0) return null;
    return { line, bytes: bytes !== null && bytes.length > mostBytes ? null : bytes };
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const found = chunk.indexOf(newline, at);
      const end = found < 0 ? chunk.length : found;
      length += end - at;
      // One more may be the carriage return.
      if (length <= mostBytes + 1) begun.push(chunk.subarray(at, end));
      else begun = [];
      at = end + 1;
      if (found < 0) break;
      const record = ended();
      if (record !== null) yield record;
      line++;
    }
  }
  const last = ended();
  if (last !== null) yield last;
}

function withoutReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
}
