import { hasControlCharacter } from './device-path.ts';
import { type IpAddress, isInRange, parseIpAddress } from './ip-address.ts';
import { Refused } from './refused-scalar.ts';
import { type FoundPort, type Protocol, servicePort } from './services.ts';

/** A port by protocol: the name of a service can mean another one for each, or none (`null`). */
export type AllowedPort = Readonly<Record<Protocol, number | null>>;

/** An entry of `admin.allow_addresses`; without a port, all of them are meant. */
export type AllowedAddress =
  | { readonly kind: 'name'; readonly host: string; readonly port: AllowedPort | null }
  | {
      readonly kind: 'range';
      readonly start: IpAddress;
      /** How many bits of an address have to be those of `start`. */
      readonly length: number;
      readonly port: AllowedPort | null;
    }
  /** A UNIX socket. */
  | { readonly kind: 'path'; readonly path: string };

/** What somebody wants to connect to. */
export interface WantedPeer {
  readonly kind: Protocol;
  readonly host: string;
  readonly port: number;
}

/**
 * A host, an address or a range of addresses, each alone or with a port, by its number or by its name in `servicesFile`, or
 * the path of a socket; `null` for none of these.
 */
export function parseAllowedAddress(text: string, servicesFile: string): AllowedAddress | Refused | null {
  if (/^\.{0,2}\//.test(text)) {
    return text.endsWith('/') || hasControlCharacter(text) ? null : { kind: 'path', path: text };
  }
  const [, bracketed, plain, shownPort] =
    /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]+(?:\/\d{1,3})?))(?::([A-Za-z\d][A-Za-z\d_.+-]{0,62}))?$/.exec(text) ??
    [];
  // An address of IPv6 needs brackets only for a port.
  const host = bracketed ?? plain ?? text;
  const range = parseRange(host);
  if (range === null && (plain === undefined || plain.includes('/'))) return null;
  const port = shownPort === undefined ? 'any' : parsePort(shownPort, servicesFile);
  if (port === null || port instanceof Refused) return port;
  const only = port === 'any' ? null : port;
  return range === null
    ? { kind: 'name', host: plainName(host), port: only }
    : { kind: 'range', ...range, port: only };
}

function parsePort(text: string, servicesFile: string): AllowedPort | Refused | null {
  if (/^\d+$/.test(text)) {
    const port = Number(text);
    return port === 0 || port > 65_535 ? null : { tcp: port, udp: port };
  }
  const [tcp, udp] = [servicePort(text, 'tcp', servicesFile), servicePort(text, 'udp', servicesFile)];
  // A service may well be there for one of them only.
  if (tcp.kind === 'refused' && udp.kind === 'refused') return new Refused(tcp.message);
  return { tcp: numberOf(tcp), udp: numberOf(udp) };
}

function numberOf(found: FoundPort): number | null {
  return found.kind === 'found' ? found.port : null;
}

function parseRange(text: string): { readonly start: IpAddress; readonly length: number } | null {
  const [address = '', length, ...more] = text.split('/');
  const start = parseIpAddress(address);
  if (start === null || more.length > 0) return null;
  const most = start.family === 4 ? 32 : 128;
  if (length === undefined) return { start, length: most };
  if (!/^\d{1,3}$/.test(length)) return null;
  // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
  const own = Number(length) - (start.family === 4 && address.includes(':') ? 96 : 0);
  return own >= 0 && own <= most ? { start, length: own } : null;
}

/** Names are the same in any case, and with the dot of the root behind them. */
function plainName(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

/**
 * Whether a peer is among those allowed: `unknown` when that depends on where the name of its host leads, which is asked
 * with `allowsLookedUp` each time it has been looked up.
 */
export function allowsHost(allowed: readonly AllowedAddress[], peer: WantedPeer): 'yes' | 'no' | 'unknown' {
  const address = parseIpAddress(peer.host);
  if (address !== null) return isInAny(allowed, address, peer) ? 'yes' : 'no';
  if (namesHost(allowed, peer)) return 'yes';
  return allowed.some((each) => each.kind === 'range' && fits(each, peer)) ? 'unknown' : 'no';
}

/** Whether a peer is among those allowed when its host was found at `address`. */
export function allowsLookedUp(
  allowed: readonly AllowedAddress[],
  peer: WantedPeer,
  address: string,
): boolean {
  const found = parseIpAddress(address);
  return namesHost(allowed, peer) || (found !== null && isInAny(allowed, found, peer));
}

function namesHost(allowed: readonly AllowedAddress[], peer: WantedPeer): boolean {
  const name = plainName(peer.host);
  return allowed.some((each) => each.kind === 'name' && each.host === name && fits(each, peer));
}

function isInAny(allowed: readonly AllowedAddress[], address: IpAddress, peer: WantedPeer): boolean {
  return allowed.some(
    (each) => each.kind === 'range' && fits(each, peer) && isInRange(address, each.start, each.length),
  );
}

function fits(each: { readonly port: AllowedPort | null }, { kind, port }: WantedPeer): boolean {
  return each.port === null || each.port[kind] === port;
}
