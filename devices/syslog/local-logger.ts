import { DeviceFailure } from '../device.ts';
import type { PeerBounds } from '../peer-bounds.ts';
import { loadLibc } from '../transport/libc.ts';
import { StreamTransport } from '../transport/stream.ts';
import type { Connection, ReportLost, Transport } from '../transport/transport.ts';
import { UdpTransport } from '../transport/udp.ts';
import { UnixDatagramTransport } from '../transport/unix-datagram.ts';

/** Where the machine's logger listens (syslog(3)). */
export const localLogPath = '/dev/log';

/** The well-known port of syslog over UDP (RFC 5426). */
const syslogPort = 514;

/**
 * The machine's own logger: UNIX datagrams, or a UNIX stream on the systems whose logger has one. Where koffi is
 * missing there are no UNIX datagrams, and UDP to this machine takes their place.
 */
export class LocalLoggerTransport implements Transport {
  readonly tailBytes: number;
  readonly #datagrams: Transport;
  readonly #stream: Transport;
  readonly #udp: Transport;

  /** `bounds`: `null` for the operator's own device. */
  constructor(bounds: PeerBounds | null, path: string = localLogPath, udpPort: number = syslogPort) {
    this.#datagrams = new UnixDatagramTransport(path, bounds);
    this.#stream = new StreamTransport({ kind: 'unix', path }, null, bounds);
    this.#udp = new UdpTransport({ kind: 'udp', host: '127.0.0.1', port: udpPort, family: 4 }, null);
    this.tailBytes = this.#stream.tailBytes;
  }

  async connect(signal: AbortSignal, onLost: ReportLost): Promise<Connection> {
    if (loadLibc() === null) return this.#udp.connect(signal, onLost);
    try {
      return await this.#datagrams.connect(signal, onLost);
    } catch (error) {
      // A socket of the other type (EPROTOTYPE).
      if (!(error instanceof DeviceFailure) || error.reason !== 'unsuitable') throw error;
      return this.#stream.connect(signal, onLost);
    }
  }
}
