import { isIPv4, isIPv6 } from 'node:net';

/** An IP address as a number. One of IPv4 that is written in IPv6 (`::ffff:127.0.0.1`) is one of IPv4. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** The first 96 bits of an address of IPv4 that is written in IPv6 (RFC 4291, section 2.5.5.2). */
const mapped = 0xffffn;

/**
 * The address that a host names in any spelling that the system's resolver takes for one, such as `127.1`, `0x7f.1` and
 * `2130706433` (inet_aton(3)); `null` for a name, which has to be looked up.
 */
export function parseIpAddress(host: string): IpAddress | null {
  // A zone says by which interface, and not where.
  const zone = host.indexOf('%');
  const text = zone < 0 ? host : host.slice(0, zone);
  if (isIPv6(text)) {
    const bits = bitsOf(groupsOf(text), 16n);
    return bits >> 32n === mapped ? { family: 4, bits: bits & 0xffff_ffffn } : { family: 6, bits };
  }
  // A URL reads these spellings as the resolver does, and writes the usual one.
  if (!/^[\da-fx.]+$/i.test(text) || !URL.canParse(`http://${text}/`)) return null;
  const plain = new URL(`http://${text}/`).hostname;
  return isIPv4(plain) ? { family: 4, bits: bitsOf(plain.split('.').map(Number), 8n) } : null;
}

/** The eight numbers of an address of IPv6. */
function groupsOf(text: string): number[] {
  const plain = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [before = [], after = []] = plain
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))));
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function bitsOf(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n);
}

export function sameAddress(one: IpAddress, other: IpAddress): boolean {
  return one.family === other.family && one.bits === other.bits;
}

/** Whether what is sent there stays on this machine. */
export function isLoopbackAddress({ family, bits }: IpAddress): boolean {
  return family === 4 ? bits >> 24n === 127n : bits === 1n;
}

/** `0.0.0.0` and `::`: every address of the machine for who listens, the machine itself for who connects. */
export function isUnspecified({ bits }: IpAddress): boolean {
  return bits === 0n;
}

/** Whether the first `length` bits are the same. */
export function isInRange(address: IpAddress, start: IpAddress, length: number): boolean {
  const rest = BigInt((start.family === 4 ? 32 : 128) - length);
  return address.family === start.family && address.bits >> rest === start.bits >> rest;
}
