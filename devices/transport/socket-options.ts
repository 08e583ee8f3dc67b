import path from 'node:path';
import { servicePort, servicesFile } from '../../config/services.ts';
import type { DeviceClaim } from '../device-claim.ts';
import type { OptionProblem } from '../device-kind.ts';
import { alternatives, type Option } from '../option-table.ts';
import type { PeerBounds } from '../peer-bounds.ts';
import {
  type Address,
  type ServiceAddress,
  type SocketTarget,
  type SocketType,
  socketTypes,
  targetOf,
} from './address.ts';
import type { Framing } from './framing.ts';
import { loadLibc } from './libc.ts';
import { StreamTransport } from './stream.ts';
import { type TlsOptions, tlsFaults } from './tls-options.ts';
import type { Transport } from './transport.ts';
import { UdpTransport } from './udp.ts';
import { koffiMissing, UnixDatagramTransport } from './unix-datagram.ts';

/** What `socket_type` takes. `unixpacket` is left out because Node and Linux's loggers have no such sockets. */
export const socketTypeWanted: string = `${alternatives(socketTypes)} ("unixpacket" has no implementation in Node)`;

export function parseSocketType(text: string): SocketType | undefined {
  return socketTypes.find((type) => type === text);
}

export const framingWanted = '"newline" or "octet-counting"';

export function parseFraming(text: string): Framing | undefined {
  return text === 'newline' || text === 'octet-counting' ? text : undefined;
}

/** The place a socket is connected to, or `null` with a problem when address and type do not fit each other. */
export function readTarget(
  given: Address | ServiceAddress,
  type: SocketType,
  problems: OptionProblem[],
): SocketTarget | null {
  const address = given.kind === 'service' ? withPort(given, type, problems) : given;
  if (address === null) return null;
  const target = targetOf(address, type);
  if (target !== undefined) return target;
  const wanted = address.kind === 'path' ? '"unix" or "unixgram" for a path' : 'a path for that type';
  problems.push({
    option: 'socket_type',
    message: `Cannot use socket_type "${type}" with this address: wanted ${wanted}`,
  });
  return null;
}

/** The address with the port of its service, or `null` with a problem. */
function withPort(
  { host, service }: ServiceAddress,
  type: SocketType,
  problems: OptionProblem[],
): Address | null {
  // A type for paths is refused for what it is.
  const protocol = type.startsWith('udp') ? 'udp' : 'tcp';
  const found = servicePort(service, protocol, servicesFile);
  if (found.kind === 'found') return { kind: 'host', host, port: found.port };
  problems.push({ option: 'address', message: `Cannot use option "address": ${found.message}` });
  return null;
}

/** The framing of a target: datagrams need none, and to ask for one is a mistake. */
export function readFraming(
  given: Framing | null,
  byDefault: Framing,
  target: SocketTarget,
  problems: OptionProblem[],
): Framing {
  if (target.kind === 'tcp' || target.kind === 'unix') return given ?? byDefault;
  if (given !== null) {
    problems.push({
      option: 'framing',
      message: `Cannot use option "framing" with socket_type "${target.kind}": each datagram is one message`,
    });
  }
  // The datagram transports leave the newline out.
  return 'newline';
}

/** The socket or port that a device connects to. */
export function peerClaims(target: SocketTarget): readonly DeviceClaim[] {
  if ('path' in target) return [{ kind: 'peer', option: 'address', path: path.resolve(target.path) }];
  const { kind: protocol, host, port } = target;
  return [{ kind: 'port', option: 'address', protocol, host, port }];
}

/** What keeps a device from its peer, as far as that can be told without connecting. */
export async function peerFaults(
  target: SocketTarget,
  tls: TlsOptions | null,
): Promise<readonly OptionProblem[]> {
  if (target.kind === 'unixgram' && loadLibc() === null) {
    return [{ option: 'socket_type', message: `Cannot use socket_type "unixgram": ${koffiMissing}` }];
  }
  return tls === null ? [] : tlsFaults(tls);
}

/** `bounds`: `null` for the operator's own device. */
export function transportTo(
  target: SocketTarget,
  tls: TlsOptions | null,
  bounds: PeerBounds | null,
): Transport {
  switch (target.kind) {
    case 'udp':
      return new UdpTransport(target, bounds);
    case 'unixgram':
      return new UnixDatagramTransport(target.path, bounds);
    default:
      return new StreamTransport(target, tls, bounds);
  }
}

/** The option `framing`, whose default is the one of the kind. */
export function framingOption(effect: string): Option<Framing | null> {
  return { default: null, wanted: framingWanted, effect, parse: parseFraming };
}
