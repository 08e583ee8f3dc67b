import { isIPv6 } from 'node:net';
import { longestSocketPath, socketPathFault } from '../../config/socket-path.ts';

/** Go's names for kinds of sockets, as in its net.Dial. */
export const socketTypes = ['tcp', 'tcp4', 'tcp6', 'udp', 'udp4', 'udp6', 'unix', 'unixgram'] as const;
export type SocketType = (typeof socketTypes)[number];

/** The option `address`. */
export type Address =
  | { readonly kind: 'host'; readonly host: string; readonly port: number }
  | { readonly kind: 'path'; readonly path: string };

/** An address whose port is the name of a service, as Go takes it; the protocol tells which port that is. */
export interface ServiceAddress {
  readonly kind: 'service';
  readonly host: string;
  readonly service: string;
}

/** What a socket is to be connected to. */
export type SocketTarget =
  | {
      readonly kind: 'tcp' | 'udp';
      readonly host: string;
      readonly port: number;
      /** 0: whichever the name leads to. */
      readonly family: 0 | 4 | 6;
    }
  | { readonly kind: 'unix' | 'unixgram'; readonly path: string };

/** What `parsePeerAddress` takes. */
export const addressWanted: string = `"host:port", the port by number or by its name in /etc/services, or the path of a UNIX socket of at most ${longestSocketPath} bytes`;

/** `undefined` for a text that is neither `host:port` nor a path that a socket can have. */
export function parseAddress(text: string): Address | undefined {
  if (text.startsWith('/') || text.startsWith('./')) {
    const usable = socketPathFault(text) === null && !text.includes('\0');
    return usable ? { kind: 'path', path: text } : undefined;
  }
  const match = /^(?:\[([^\]]+)\]|([A-Za-z0-9_.-]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port === 0 || port > 65_535) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { kind: 'host', host: bracketed, port } : undefined;
  // As in Go, no host is this one.
  return { kind: 'host', host: plain === '' ? 'localhost' : plain!, port };
}

/** As `parseAddress`, and `host:service`. */
export function parsePeerAddress(text: string): Address | ServiceAddress | undefined {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  const [, host, service] =
    /^(\[[^\]]+\]|[A-Za-z0-9_.-]*):(?!\d+$)([A-Za-z\d][A-Za-z\d_.+-]{0,62})$/.exec(text) ?? [];
  // The rest of the rules are those of a port.
  const plain = service === undefined ? undefined : parseAddress(`${host}:1`);
  return plain?.kind === 'host' ? { kind: 'service', host: plain.host, service: service! } : undefined;
}

/** `undefined` when an address of that kind cannot be reached by a socket of that type. */
export function targetOf(address: Address, type: SocketType): SocketTarget | undefined {
  if (type === 'unix' || type === 'unixgram') {
    return address.kind === 'path' ? Object.freeze({ kind: type, path: address.path }) : undefined;
  }
  if (address.kind === 'path') return undefined;
  const family = type.endsWith('4') ? 4 : type.endsWith('6') ? 6 : 0;
  const kind = type.startsWith('tcp') ? 'tcp' : 'udp';
  return Object.freeze({ kind, host: address.host, port: address.port, family });
}

/** The target as it stands in messages. */
export function shownTarget(target: SocketTarget): string {
  if ('path' in target) return target.path;
  return `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`;
}
