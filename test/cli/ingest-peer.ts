import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A listener whose answers the test decides: what a daemon looks like to a client. */
export interface IngestPeer {
  readonly socketPath: string;
  /** Every record received, in order. */
  readonly records: string[];
  readonly connections: Socket[];
}

/** Calls `onRecord` for each line that is not empty, and `onEnd` at the end of input, after a last unended line. */
export async function ingestPeer(
  test: TestContext,
  onRecord: (record: string, connection: Socket) => void,
  onEnd: (connection: Socket) => void = (connection) => connection.end(),
): Promise<IngestPeer> {
  const socketPath = path.join(temporaryDirectory(test), 'ingest.sock');
  const peer: IngestPeer = { socketPath, records: [], connections: [] };
  const take = (line: string, connection: Socket): void => {
    const record = line.replace(/\r$/, '');
    if (record === '') return;
    peer.records.push(record);
    onRecord(record, connection);
  };
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    peer.connections.push(connection);
    let rest = '';
    connection.setEncoding('utf8');
    connection.on('error', () => {});
    connection.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) take(line, connection);
    });
    connection.on('end', () => {
      take(rest, connection);
      onEnd(connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  test.after(() => {
    for (const connection of peer.connections) connection.destroy();
    server.close();
  });
  return peer;
}

export const okReply = '{"ok":true}\n';
