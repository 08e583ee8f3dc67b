import { type LookupAddress, lookup as lookUp } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import path from 'node:path';
import { longestSocketPath } from '../../config/socket-path.ts';
import { DeviceFailure } from '../device.ts';
import type { Peer, PeerBounds } from '../peer-bounds.ts';
import type { SocketTarget } from './address.ts';

/** Throws a `DeviceFailure` where the host of `peer` is an address that may not be connected to; names are seen to by `boundLookup`. */
export function refuseAddress(bounds: PeerBounds | null, peer: Peer, action: string): void {
  const refusal = bounds === null || isIP(peer.host) === 0 ? null : bounds.refusal(peer, peer.host);
  if (refusal !== null) throw outOfBounds(action, refusal);
}

/** As `dns.lookup`, without the addresses that may not be connected to; `null` where every one may. */
export function boundLookup(bounds: PeerBounds | null, peer: Peer, action: string): LookupFunction | null {
  if (bounds === null) return null;
  return (host, options, done) => {
    lookUp(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const refusals = found.map(({ address }) => bounds.refusal(peer, address));
      const allowed = found.filter((_, index) => refusals[index] === null);
      const [first] = allowed;
      if (first === undefined) return done(outOfBounds(action, refusals[0] ?? 'the name leads nowhere'), []);
      if (options.all) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

/** The one address of a host to send to. Rejects with a `DeviceFailure`, or with the error of the lookup. */
export function lookedUp(
  bounds: PeerBounds | null,
  target: SocketTarget & Peer,
  action: string,
): Promise<LookupAddress> {
  const { host, family } = target;
  const look = boundLookup(bounds, target, action) ?? (lookUp as LookupFunction);
  return new Promise((resolve, reject) => {
    look(host, { family, all: false }, (error, address, found) => {
      if (error !== null) reject(error);
      else resolve({ address: address as string, family: found! });
    });
  });
}

/** The path to connect to. Rejects with a `DeviceFailure` where a UNIX socket may not be connected to. */
export async function boundPath(bounds: PeerBounds | null, at: string, action: string): Promise<string> {
  if (bounds === null) return at;
  const found = await bounds.socketAt(path.resolve(at));
  if ('refusal' in found) throw outOfBounds(action, found.refusal);
  if (Buffer.byteLength(found.real) <= longestSocketPath) return found.real;
  throw outOfBounds(action, `it leads to "${found.real}", which is longer than ${longestSocketPath} bytes`);
}

function outOfBounds(action: string, refusal: string): DeviceFailure {
  return new DeviceFailure('permission', `${action}: ${refusal}`, { permanent: true });
}
