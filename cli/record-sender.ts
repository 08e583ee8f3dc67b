import type { Readable } from 'node:stream';
import { judgedInput } from './judged-input.ts';
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
    for await (const chunk of judgedInput(source, name, 'send')) {
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
