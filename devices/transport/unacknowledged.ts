import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/**
 * Bytes written to a TCP connection that the peer's system has not acknowledged: the first number of `tx_queue` in
 * /proc/net/tcp (proc(5)). `null` where that cannot be known: no such connection any more, or no /proc.
 */
export async function unacknowledgedBytes(socket: Socket): Promise<number | null> {
  const { localPort, remotePort } = socket;
  if (localPort === undefined || remotePort === undefined) return null;
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'latin1').catch(() => '')),
  );
  const found = tables.flatMap((table) => queuesOf(table, localPort, remotePort));
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
