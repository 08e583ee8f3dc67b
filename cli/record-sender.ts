import type { Readable } from 'node:stream';
import { InputRefused, inputFault } from './input-fault.ts';
import { RecordConnection, type SendSettings } from './record-connection.ts';
import { RecordSplitter } from './record-splitter.ts';
import type { Tally } from './tally.ts';

/**
 * Sends the records of `source` and counts the replies in `tally`, which can be watched meanwhile. Resolves when every
 * record has its reply; rejects with `SendInterrupted` when that cannot happen any more, and with the source's own
 * error when reading it fails, or with `InputRefused` when it is no lines of records. The source is destroyed in the end.
 * `name` is what a shell would read it by.
 */
export async function sendRecords(
  source: Readable,
  name: string,
  settings: SendSettings,
  tally: Tally,
): Promise<void> {
  // Without a listener, a file that cannot be opened would end the process before it is read here.
  source.on('error', () => {});
  // A source that has nothing for hours must not hide that the other side is gone.
  const connection = new RecordConnection(settings, tally, () => source.destroy());
  try {
    await connection.opened();
    const splitter = new RecordSplitter();
    for await (const chunk of judged(source, name)) {
      splitter.push(chunk);
      for (let run = splitter.next(connection.room); run !== null; run = splitter.next(connection.room)) {
        await connection.send(run);
      }
    }
    const rest = splitter.end();
    if (rest !== null) await connection.send(rest);
    await connection.finished();
  } catch (error) {
    throw connection.failure ?? error;
  } finally {
    connection.destroy();
    source.destroy();
  }
}

/** Bytes: nobody leaves more blanks at the beginning. */
const longestHead = 64 * 1024;

/** The chunks of a source, once its beginning has been judged. */
async function* judged(source: Readable, name: string): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of source) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const fault = inputFault(head, name);
    if (fault === 'unknown' && head.length < longestHead) continue;
    if (fault !== null && fault !== 'unknown') throw new InputRefused(fault);
    yield head;
    head = null;
  }
  if (head !== null && head.length > 0) yield head;
}
