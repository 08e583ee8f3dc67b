import type { Readable } from 'node:stream';
import { RecordConnection, type SendSettings } from './record-connection.ts';
import { RecordSplitter } from './record-splitter.ts';
import type { Tally } from './tally.ts';

/**
 * Sends the records of `source` and counts the replies in `tally`, which can be watched meanwhile. Resolves when every
 * record has its reply; rejects with `SendInterrupted` when that cannot happen any more, and with the source's own
 * error when reading it fails. The source is destroyed in the end.
 */
export async function sendRecords(source: Readable, settings: SendSettings, tally: Tally): Promise<void> {
  // Without a listener, a file that cannot be opened would end the process before it is read here.
  source.on('error', () => {});
  // A source that has nothing for hours must not hide that the other side is gone.
  const connection = new RecordConnection(settings, tally, () => source.destroy());
  try {
    await connection.opened();
    const splitter = new RecordSplitter();
    for await (const chunk of source) {
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
