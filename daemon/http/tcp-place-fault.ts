import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isLoopbackAddress, isUnspecified, parseIpAddress } from '../../config/ip-address.ts';
import { systemErrorText } from '../system-error.ts';
import { addressText } from './address-text.ts';
import { isOfInterface } from './own-interfaces.ts';

/** Linux's default for `net.ipv4.ip_unprivileged_port_start`. */
const usualFirstPort = 1024;

/** `CAP_NET_BIND_SERVICE`, from <linux/capability.h>. */
const bindCapability = 10n;

/**
 * What listening at an address of TCP would be refused with, as far as that can be told without doing it. Where a name leads
 * is not looked up, and whether somebody listens there is not asked: that may be the daemon whose configuration is looked over.
 */
export function tcpPlaceFault(host: string, port: number): string | null {
  const fault = isElsewhere(host) ? 'EADDRNOTAVAIL' : mayBind(port) ? null : 'EACCES';
  if (fault === null) return null;
  const error = Object.assign(new Error(fault), { errno: -constants.errno[fault], code: fault });
  return `Cannot listen on "${addressText({ kind: 'tcp', host, port })}": ${systemErrorText(error)}`;
}

function isElsewhere(host: string): boolean {
  const address = parseIpAddress(host);
  if (address === null || isLoopbackAddress(address) || isUnspecified(address)) return false;
  // Addresses of others can be had where an operator asked for it, for one that moves between machines.
  const family = address.family === 6 ? 'ipv6' : 'ipv4';
  return !isOfInterface(address) && fact(`/proc/sys/net/${family}/ip_nonlocal_bind`) !== '1';
}

function mayBind(port: number): boolean {
  if (port === 0) return true;
  const first = Number(fact('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? usualFirstPort);
  return port >= first || hasCapability(fact('/proc/self/status'));
}

/** Whether a text as in `/proc/self/status` has the capability among those in effect; without one nothing is known against it. */
export function hasCapability(status: string | null): boolean {
  const [, digits] = /^CapEff:\s*([0-9a-f]{1,32})$/m.exec(status ?? '') ?? [];
  return digits === undefined || ((BigInt(`0x${digits}`) >> bindCapability) & 1n) === 1n;
}

function fact(file: string): string | null {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    return null;
  }
}
