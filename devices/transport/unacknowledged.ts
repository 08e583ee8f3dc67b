import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Which connection: a socket, or what is left of one that is closed. */
export interface ConnectionEnds {
  readonly localPort?: number | undefined;
  readonly remotePort?: number | undefined;
}

const tables = ['/proc/net/tcp', '/proc/net/tcp6'];

/**
 * Bytes written to a TCP connection that the peer's system has not acknowledged: the first number of `tx_queue` in
 * /proc/net/tcp (proc(5)); an end that was sent counts as one. `null` where that cannot be known: no such connection
 * any more, or no /proc.
 */
export async function unacknowledgedBytes(ends: ConnectionEnds): Promise<number | null> {
  return fullest(ends, await Promise.all(tables.map((file) => readFile(file, 'latin1').catch(() => ''))));
}

/** The same in this very turn: in the next one the connection may be gone. */
export function unacknowledgedBytesNow(ends: ConnectionEnds): number | null {
  return fullest(ends, tables.map(readNow));
}

function readNow(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function fullest({ localPort, remotePort }: ConnectionEnds, texts: readonly string[]): number | null {
  if (localPort === undefined || remotePort === undefined) return null;
  const found = texts.flatMap((text) => queuesOf(text, localPort, remotePort));
  // Addresses are not compared: where two connections have the same ports, the fuller one counts.
  return found.length === 0 ? null : Math.max(...found);
}

function queuesOf(table: string, localPort: number, remotePort: number): number[] {
  const rows = new RegExp(
    `^ *\\d+: [0-9A-F]+:${hexPort(localPort)} [0-9A-F]+:${hexPort(remotePort)} [0-9A-F]{2} ([0-9A-F]{8}):`,
    'gm',
  );
  return [...table.matchAll(rows)].map((row) => Number.parseInt(row[1]!, 16));
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
