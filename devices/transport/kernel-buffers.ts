import { readFileSync } from 'node:fs';

/**
 * Bytes that may be on their way over a TCP connection: this machine's largest send buffer and the peer's largest
 * receive buffer, taken to be as large as ours (tcp(7), `tcp_wmem` and `tcp_rmem`).
 */
export function tcpTailBytes(): number {
  return (
    lastNumber('/proc/sys/net/ipv4/tcp_rmem', 6 * 1024 * 1024) +
    lastNumber('/proc/sys/net/ipv4/tcp_wmem', 4 * 1024 * 1024)
  );
}

/** The same for a UNIX stream: one buffer, which the write that fills it may exceed (socket(7), `wmem_default`). */
export function unixTailBytes(): number {
  return 2 * lastNumber('/proc/sys/net/core/wmem_default', 212_992);
}

/** The last number in a file of /proc; `fallback`, Linux's own default, where the file cannot be read. */
function lastNumber(file: string, fallback: number): number {
  try {
    const value = Number(readFileSync(file, 'latin1').trim().split(/\s+/).at(-1));
    return Number.isSafeInteger(value) && value > 0 ? value : fallback;
  } catch {
    return fallback;
  }
}
