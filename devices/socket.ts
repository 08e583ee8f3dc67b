import { FramedDevice } from './framed-device.ts';
import { type Option, readOptions } from './option-table.ts';
import type { RegisteredKind } from './registered-kind.ts';
import {
  type Address,
  addressWanted,
  parsePeerAddress,
  type ServiceAddress,
  type SocketType,
} from './transport/address.ts';
import { frameLines } from './transport/framing.ts';
import {
  framingOption,
  parseSocketType,
  peerClaims,
  peerFaults,
  readFraming,
  readTarget,
  socketTypeWanted,
  transportTo,
} from './transport/socket-options.ts';
import { readTlsOptions, tlsOptionTable } from './transport/tls-options.ts';

const table = {
  address: {
    default: null,
    required: true,
    wanted: addressWanted,
    effect: 'the peer; it is looked up and connected to again after every failure',
    parse: parsePeerAddress,
  } as Option<Address | ServiceAddress>,
  socket_type: {
    default: 'tcp',
    wanted: socketTypeWanted,
    effect:
      'streams (`tcp`, `unix`) hold back when the peer does not read and are sent again when it goes away; datagrams (`udp`, `unixgram`) carry one line each, without its newline, and one that is too large is refused for this device alone; `udp` is lost in silence when nobody reads',
    parse: parseSocketType,
  } as Option<SocketType>,
  framing: framingOption(
    'streams only; left out, `newline`: each line ends in one, and a connection that breaks may leave the peer half a line; `octet-counting` (RFC 6587) puts the length before each line and its newline, so that the peer can tell',
  ),
  ...tlsOptionTable,
} as const;

/** Lines sent to a peer over TCP, TLS, UDP or a UNIX socket. */
export const socketKind: RegisteredKind = {
  type: 'socket',
  options: table,
  read(texts, problems, _line, limits) {
    const values = readOptions(table, texts, problems, limits);
    if (problems.length > 0) return null;
    const target = readTarget(values.address, values.socket_type, problems);
    if (target === null) return null;
    const framing = readFraming(values.framing, 'newline', target, problems);
    const tls = readTlsOptions(values, target, problems);
    if (problems.length > 0) return null;
    return {
      claims: peerClaims(target),
      create: (settings) =>
        new FramedDevice(
          transportTo(target, tls, settings.peerBounds),
          (lines) => frameLines(lines, framing),
          settings,
        ),
      faults: () => peerFaults(target, tls),
    };
  },
};
