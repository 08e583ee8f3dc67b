import type { ListenAddress } from '../../config/config.ts';

/** An address as people write it: a path, `host:port`, or `[host]:port` for IPv6. */
export function addressText(address: ListenAddress): string {
  if (address.kind === 'unix') return address.path;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
