import { isIPv6 } from 'node:net';
import type { ListenAddress } from './config.ts';

/** `host:port`, `[::1]:port`; whatever has a slash is the path of a UNIX socket. `null` for neither. */
export function parseListenAddress(text: string): ListenAddress | null {
  if (text.includes('/')) return { kind: 'unix', path: text };
  const match = /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const port = Number(match[3]);
  if (port > 65535) return null;
  if (match[1] !== undefined && !isIPv6(match[1])) return null;
  return { kind: 'tcp', host: match[1] ?? match[2]!, port };
}

/** Whether what is sent there stays on this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
