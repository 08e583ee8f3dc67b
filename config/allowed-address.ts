import { hasControlCharacter } from './device-path.ts';
import { type IpAddress, isInRange, parseIpAddress } from './ip-address.ts';

/** An entry of `admin.allow_addresses`; without a port, all of them are meant. */
export type AllowedAddress =
  | { readonly kind: 'name'; readonly host: string; readonly port: number | null }
  | {
      readonly kind: 'range';
      readonly start: IpAddress;
      /** How many bits of an address have to be those of `start`. */
      readonly length: number;
      readonly port: number | null;
    }
  /** A UNIX socket. */
  | { readonly kind: 'path'; readonly path: string };

/** A host, an address or a range of addresses, each alone or with a port, or the path of a socket; `null` for none of these. */
export function parseAllowedAddress(text: string): AllowedAddress | null {
  if (/^\.{0,2}\//.test(text)) {
    return text.endsWith('/') || hasControlCharacter(text) ? null : { kind: 'path', path: text };
  }
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]+(?:\/\d{1,3})?))(?::(\d{1,5}))?$/.exec(text) ?? [];
  // An address of IPv6 needs brackets only for a port.
  const host = bracketed ?? plain ?? text;
  const port = digits === undefined ? null : Number(digits);
  if (port !== null && (port === 0 || port > 65_535)) return null;
  const range = parseRange(host);
  if (range !== null) return { kind: 'range', ...range, port };
  return plain === undefined || plain.includes('/') ? null : { kind: 'name', host: plainName(plain), port };
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
 * Whether a host and port are among those allowed: `unknown` when that depends on where the name of the host leads, which
 * is asked with `allowsLookedUp` each time it has been looked up.
 */
export function allowsHost(
  allowed: readonly AllowedAddress[],
  host: string,
  port: number,
): 'yes' | 'no' | 'unknown' {
  const address = parseIpAddress(host);
  if (address !== null) return isInAny(allowed, address, port) ? 'yes' : 'no';
  if (namesHost(allowed, host, port)) return 'yes';
  return allowed.some((each) => each.kind === 'range' && fits(each, port)) ? 'unknown' : 'no';
}

/** Whether a host and port are among those allowed when the host was found at `address`. */
export function allowsLookedUp(
  allowed: readonly AllowedAddress[],
  host: string,
  address: string,
  port: number,
): boolean {
  const found = parseIpAddress(address);
  return namesHost(allowed, host, port) || (found !== null && isInAny(allowed, found, port));
}

function namesHost(allowed: readonly AllowedAddress[], host: string, port: number): boolean {
  const name = plainName(host);
  return allowed.some((each) => each.kind === 'name' && each.host === name && fits(each, port));
}

function isInAny(allowed: readonly AllowedAddress[], address: IpAddress, port: number): boolean {
  return allowed.some(
    (each) => each.kind === 'range' && fits(each, port) && isInRange(address, each.start, each.length),
  );
}

function fits(each: { readonly port: number | null }, port: number): boolean {
  return each.port === null || each.port === port;
}
