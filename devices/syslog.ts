import { parseByteSize } from '../config/byte-size.ts';
import type { OptionProblem } from './device-kind.ts';
import { FramedDevice } from './framed-device.ts';
import { alternatives, type Option, oneOf, readOptions } from './option-table.ts';
import type { RegisteredKind } from './registered-kind.ts';
import { facilityNames, parseFacility } from './syslog/facility.ts';
import { headerAt, usableTag } from './syslog/header.ts';
import { LocalLoggerTransport, localLogPath } from './syslog/local-logger.ts';
import {
  type Address,
  addressWanted,
  parsePeerAddress,
  type ServiceAddress,
  type SocketType,
} from './transport/address.ts';
import { type Framing, frameLines } from './transport/framing.ts';
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

/** A frame that counts more is read by rsyslog as if it were not counted (`MaxFrameSize` of imtcp and imptcp). */
const largestFrame = 200_000;

const table = {
  facility: {
    default: 'AUTH',
    wanted: `a facility in any case: ${alternatives(facilityNames)}`,
    effect: 'the facility of every message; the severity is informational',
    parse: parseFacility,
    refusal: (text) => `invalid syslog facility: ${text}`,
  } as Option<number>,
  tag: {
    default: 'vault',
    wanted:
      'at most 48 printable ASCII characters, with `rfc=3164` at most 32 letters, digits, ".", "_", "/" or "-"',
    effect: 'the program’s name in every message',
    parse: (text) => text,
  } as Option<string>,
  address: {
    default: null,
    wanted: addressWanted,
    effect:
      'the logger; left out, this machine’s `/dev/log`, or UDP to `127.0.0.1:514` where the package koffi is not installed, which loses messages in silence when nobody listens',
    parse: parsePeerAddress,
  } as Option<Address | ServiceAddress | null>,
  socket_type: {
    default: null,
    wanted: socketTypeWanted,
    effect: 'left out, `udp` for `host:port` and `unixgram` for a path',
    parse: parseSocketType,
  } as Option<SocketType | null>,
  framing: framingOption(
    'streams only; left out, `octet-counting` (RFC 6587), which is also the only one that TLS takes (RFC 5425); `newline` is for loggers that cannot count',
  ),
  rfc: {
    default: null,
    wanted: '"5424" or "3164"',
    effect:
      'the header; left out, `3164` for `/dev/log`, whose readers expect it, and `5424` for any other address; `3164` has no year, no time zone and no fraction of a second',
    parse: oneOf('5424', '3164'),
  } as Option<'5424' | '3164' | null>,
  max_message_bytes: {
    default: null,
    wanted: 'a size such as "8KiB"',
    effect:
      'a message that is larger (header included, and the newline that ends it where it is counted) is refused for this device alone (`too_large`); left out, 200000 over streams, as much as rsyslog takes by default (`MaxFrameSize`), and over datagrams what one can hold; a logger cuts what is over its own limit for messages (`maxMessageSize` in rsyslog, 8 KiB by default)',
    parse: (text) => {
      const bytes = parseByteSize(text);
      return bytes === null || bytes === 0 ? undefined : bytes;
    },
  } as Option<number | null>,
  ...tlsOptionTable,
} as const;

/** Lines sent as syslog messages, to this machine's logger or to another's. */
export const syslogKind: RegisteredKind = {
  type: 'syslog',
  options: table,
  read(texts, problems, _line, limits) {
    const values = readOptions(table, texts, problems, limits);
    if (problems.length > 0) return null;
    const { address } = values;
    const local = address === null || (address.kind === 'path' && address.path === localLogPath);
    const rfc = values.rfc ?? (local ? '3164' : '5424');
    if (!usableTag(values.tag, rfc)) {
      problems.push({
        option: 'tag',
        message: `Cannot use option "tag" with rfc ${rfc}: wanted ${table.tag.wanted}`,
      });
    }
    const byDefault = address?.kind === 'host' || address?.kind === 'service' ? 'udp' : 'unixgram';
    const target = readTarget(
      address ?? { kind: 'path', path: localLogPath },
      values.socket_type ?? byDefault,
      problems,
    );
    if (target === null) return null;
    const framing = readFraming(values.framing, 'octet-counting', target, problems);
    const tls = readTlsOptions(values, target, problems);
    if (tls !== null) refuseNewlines(framing, problems);
    if (problems.length > 0) return null;
    const withHostname = target.kind === 'tcp' || target.kind === 'udp';
    const header = Object.freeze({ rfc, facility: values.facility, tag: values.tag, withHostname });
    const overStream = target.kind === 'tcp' || target.kind === 'unix';
    const limit = values.max_message_bytes ?? (overStream ? largestFrame : Number.POSITIVE_INFINITY);
    const unsaid = local && values.socket_type === null && values.framing === null;
    return {
      claims: peerClaims(target),
      create: (settings) =>
        new FramedDevice(
          unsaid
            ? new LocalLoggerTransport(settings.peerBounds)
            : transportTo(target, tls, settings.peerBounds),
          (lines) => frameLines(lines, framing, headerAt(header, settings.clock.wallTime()), limit),
          settings,
        ),
      faults: async () => (unsaid ? [] : peerFaults(target, tls)),
    };
  },
};

/** RFC 5425, section 4.3: over TLS each message is preceded by its length. */
function refuseNewlines(framing: Framing, problems: OptionProblem[]): void {
  if (framing === 'octet-counting') return;
  problems.push({
    option: 'framing',
    message: 'Cannot use framing "newline" with TLS: wanted "octet-counting"',
  });
}
