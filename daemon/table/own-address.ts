import { hostname } from 'node:os';
import { isLoopbackAddress, isUnspecified, parseIpAddress, sameAddress } from '../../config/ip-address.ts';
import { isOfInterface } from '../http/own-interfaces.ts';

/**
 * Whether who connects to `host` may reach what listens at `own` on the same port. Names are not looked up, but for those
 * that are known to be this machine's. Every loopback address counts as every other one: a name may lead to any of them.
 */
export function reaches(host: string, own: string): boolean {
  const [to, at] = [plain(host), plain(own)];
  if (to === at) return true;
  const address = parseIpAddress(at);
  if (address !== null && isUnspecified(address)) return isOfThisMachine(to);
  if (isLocal(to) && isLocal(at)) return true;
  const wanted = parseIpAddress(to);
  return wanted !== null && address !== null && sameAddress(wanted, address);
}

/** Leads to a loopback address: also the unspecified one, for who connects. */
function isLocal(host: string): boolean {
  const address = parseIpAddress(host);
  if (address !== null) return isLoopbackAddress(address) || isUnspecified(address);
  return localNames.has(host) || host.endsWith('.localhost');
}

/** As /etc/hosts of the usual distributions has them. */
const localNames: ReadonlySet<string> = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost6',
  'ip6-localhost',
  'ip6-loopback',
]);

function isOfThisMachine(host: string): boolean {
  if (isLocal(host) || host === plain(hostname())) return true;
  const address = parseIpAddress(host);
  return address !== null && isOfInterface(address);
}

/** The root's dot behind a name makes no other of it. */
function plain(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
