import path from 'node:path';
import type { TestContext } from 'node:test';
import type { OptionTexts } from '../../devices/device-kind.ts';
import { largestUdpMessage } from '../../devices/transport/udp.ts';
import { koffiMissing } from '../support/koffi.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type ContractTraits, deviceContract, type Subject } from './contract.ts';
import { makeCertificate, opensslMissing } from './peers/certificates.ts';
import { StreamPeer, type StreamPeerOptions } from './peers/stream-peer.ts';
import { UdpPeer } from './peers/udp-peer.ts';
import { UnixDatagramPeer } from './peers/unix-datagram-peer.ts';

type AnyPeer = StreamPeer | UdpPeer | UnixDatagramPeer;

async function subjectOf(
  peer: AnyPeer,
  type: string,
  options: OptionTexts,
  unwrap: (message: string) => string = (message) => message,
): Promise<Subject> {
  await peer.start();
  return {
    type,
    options: { address: peer.address, ...options },
    received: () => peer.received().map(unwrap),
    stop: () => peer.stop(),
    start: () => peer.start(),
    pause: () => peer.pause(),
    resume: () => peer.resume(),
  };
}

/** What is left of a syslog message without its header. */
function syslogMessage(message: string): string {
  const match =
    /^<38>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ vault \d+ audit - (.*)$/.exec(message) ??
    /^<38>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:\S+ )?vault\[\d+\]: (.*)$/.exec(message);
  if (match === null) throw new Error('No syslog header');
  return match[1]!;
}

const stream: ContractTraits = { restarts: true, stalls: 'disconnects' };
const tls: ContractTraits = { ...stream, skip: opensslMissing };
const unixDatagrams: ContractTraits = {
  skip: koffiMissing,
  restarts: true,
  stalls: 'waits',
  // The limit is the sender's buffer (`wmem_default`).
  limit: { fitting: 100_000, tooLong: 1_000_000 },
};

function streamSubject(options: OptionTexts, peer: StreamPeerOptions, type = 'socket') {
  const unwrap = type === 'syslog' ? syslogMessage : undefined;
  return (test: TestContext): Promise<Subject> =>
    subjectOf(new StreamPeer(test, peer), type, options, unwrap);
}

function unixSubject(options: OptionTexts, framing: 'newline' | 'octet-counting', type = 'socket') {
  const unwrap = type === 'syslog' ? syslogMessage : undefined;
  return (test: TestContext): Promise<Subject> => {
    const peer = new StreamPeer(test, { framing, path: path.join(temporaryDirectory(test), 's') });
    return subjectOf(peer, type, { socket_type: 'unix', ...options }, unwrap);
  };
}

function tlsSubject(options: OptionTexts, framing: 'newline' | 'octet-counting', type = 'socket') {
  const unwrap = type === 'syslog' ? syslogMessage : undefined;
  return (test: TestContext): Promise<Subject> => {
    const { cert, key, certFile } = makeCertificate(temporaryDirectory(test), 'peer', 'IP:127.0.0.1');
    const peer = new StreamPeer(test, { framing, tls: { cert, key } });
    const tls = { socket_type: 'tcp', tls: 'true', tls_ca_cert: certFile };
    return subjectOf(peer, type, { ...tls, ...options }, unwrap);
  };
}

function unixDatagramSubject(options: OptionTexts, type = 'socket') {
  const unwrap = type === 'syslog' ? syslogMessage : undefined;
  return (test: TestContext): Promise<Subject> => {
    const peer = new UnixDatagramPeer(test, path.join(temporaryDirectory(test), 'd'));
    return subjectOf(peer, type, { socket_type: 'unixgram', ...options }, unwrap);
  };
}

function udpSubject(options: OptionTexts, type = 'socket') {
  const unwrap = type === 'syslog' ? syslogMessage : undefined;
  return (test: TestContext): Promise<Subject> => subjectOf(new UdpPeer(test), type, options, unwrap);
}

const counted = { framing: 'octet-counting' } as const;

deviceContract('socket over TCP, newlines', streamSubject({}, { framing: 'newline' }), stream);
deviceContract('socket over TCP, octet counting', streamSubject(counted, counted), stream);
deviceContract('socket over TLS', tlsSubject({}, 'newline'), tls);
deviceContract('socket over a UNIX stream', unixSubject({}, 'newline'), stream);
deviceContract('socket over UDP', udpSubject({ socket_type: 'udp' }), {
  restarts: true,
  stalls: 'never',
  limit: { fitting: largestUdpMessage, tooLong: largestUdpMessage + 1 },
});
deviceContract('socket over UNIX datagrams', unixDatagramSubject({}), unixDatagrams);

deviceContract('syslog over TCP', streamSubject({ socket_type: 'tcp' }, counted, 'syslog'), stream);
deviceContract('syslog over TLS', tlsSubject({}, 'octet-counting', 'syslog'), tls);
deviceContract(
  'syslog over a UNIX stream, newlines, RFC 3164',
  unixSubject({ framing: 'newline', rfc: '3164' }, 'newline', 'syslog'),
  stream,
);
deviceContract('syslog over UDP', udpSubject({}, 'syslog'), {
  restarts: true,
  stalls: 'never',
  // A line that would just fit does not with its header.
  limit: { fitting: 65_000, tooLong: largestUdpMessage - 10 },
});
deviceContract(
  'syslog over UNIX datagrams, RFC 3164',
  unixDatagramSubject({ rfc: '3164' }, 'syslog'),
  unixDatagrams,
);
deviceContract(
  'syslog with a limit for messages',
  streamSubject({ socket_type: 'tcp', max_message_bytes: '4KiB' }, counted, 'syslog'),
  { restarts: false, stalls: 'never', limit: { fitting: 4000, tooLong: 4090 } },
);
