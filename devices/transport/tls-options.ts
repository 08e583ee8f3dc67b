import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, createSecureContext } from 'node:tls';
import { parseGoBoolean } from '../../config/go-boolean.ts';
import { certificatesFault, keyFault, pairFault } from '../../config/pem.ts';
import { DeviceFailure } from '../device.ts';
import type { OptionProblem } from '../device-kind.ts';
import { type FileToRead, readFileToRead } from '../file-to-read.ts';
import { type Option, pemFile } from '../option-table.ts';
import type { SocketTarget } from './address.ts';

/** TLS of one destination. The peer's certificate is always verified. */
export interface TlsOptions {
  /** Files in PEM; `null`: the authorities that come with Node, no certificate of our own. */
  readonly caCert: FileToRead | null;
  readonly clientCert: FileToRead | null;
  readonly clientKey: FileToRead | null;
  /** The name the peer's certificate must carry. */
  readonly serverName: string;
}

interface TlsNames {
  readonly tls_ca_cert: FileToRead | null;
  readonly tls_client_cert: FileToRead | null;
  readonly tls_client_key: FileToRead | null;
  readonly tls_server_name: string | null;
}

interface TlsValues extends TlsNames {
  readonly tls: boolean;
}

/** Whom to trust and what to show the peer: options of every kind of device that can speak TLS. */
export const tlsNameTable: { readonly [Name in keyof TlsNames]: Option<TlsNames[Name]> } = {
  tls_ca_cert: pemFile(
    'authorities the peer’s certificate may come from, instead of those that come with Node',
  ),
  tls_client_cert: pemFile('the certificate shown to the peer, with those that lead to its authority'),
  tls_client_key: pemFile(
    'the key of `tls_client_cert`; read when the device connects, so that it can be renewed',
  ),
  tls_server_name: {
    default: null,
    wanted: 'a host name',
    effect: 'the name the peer’s certificate must carry; left out, the host that is connected to',
    parse: (text) => (/^[A-Za-z0-9_.:-]+$/.test(text) ? text : undefined),
  },
};

/** The same for kinds that say in an option of its own whether they do. */
export const tlsOptionTable: { readonly [Name in keyof TlsValues]: Option<TlsValues[Name]> } = {
  tls: {
    default: 'false',
    wanted: '"true" or "false"',
    effect: 'TLS over TCP; the peer’s certificate is always verified',
    parse: (text) => parseGoBoolean(text) ?? undefined,
  },
  ...tlsNameTable,
};

/** `null` without TLS; contradictions are added to `problems`. */
export function readTlsOptions(
  values: TlsValues,
  target: SocketTarget,
  problems: OptionProblem[],
): TlsOptions | null {
  if (!values.tls) {
    refuseTlsNames(values, '"tls" to be "true"', problems);
    return null;
  }
  if (target.kind !== 'tcp') {
    problems.push({
      option: 'tls',
      message: `Cannot use option "tls" with socket_type "${target.kind}": wanted socket_type "tcp", "tcp4" or "tcp6"`,
    });
    return null;
  }
  return readTlsNames(values, target.host, problems);
}

/** TLS to `host`, which is what is asked for; contradictions are added to `problems`. */
export function readTlsNames(values: TlsNames, host: string, problems: OptionProblem[]): TlsOptions {
  if ((values.tls_client_cert === null) !== (values.tls_client_key === null)) {
    const option = values.tls_client_cert === null ? 'tls_client_cert' : 'tls_client_key';
    problems.push({
      option,
      message: `Option "${option}" is missing: wanted both or neither of certificate and key`,
    });
  }
  return Object.freeze({
    caCert: values.tls_ca_cert,
    clientCert: values.tls_client_cert,
    clientKey: values.tls_client_key,
    serverName: values.tls_server_name ?? host,
  });
}

/** Adds a problem for each option that is given although there is no TLS; `wanted` is what would turn it on. */
export function refuseTlsNames(values: TlsNames, wanted: string, problems: OptionProblem[]): void {
  for (const option of Object.keys(tlsNameTable) as (keyof TlsNames)[]) {
    if (values[option] === null) continue;
    problems.push({ option, message: `Option "${option}" has no meaning here: wanted ${wanted}` });
  }
}

/** Reads the files; rejects with a permanent `DeviceFailure` that names the one that cannot be used. */
export async function loadTls(options: TlsOptions): Promise<ConnectionOptions> {
  const { caCert, clientCert, clientKey } = options;
  const ca = caCert && (await load('TLS authority file', caCert, certificatesFault));
  const cert = clientCert && (await load('TLS certificate file', clientCert, certificatesFault));
  const key = clientKey && (await load('TLS key file', clientKey, keyFault));
  if (cert !== null && key !== null) {
    refuse(pairOf(options), pairFault(cert, key));
  }
  return {
    secureContext: createSecureContext({
      ...(ca !== null && { ca }),
      ...(cert !== null && { cert }),
      ...(key !== null && { key }),
    }),
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(options.serverName, certificate),
    // RFC 6066, section 3: an address is no server name.
    ...(isIP(options.serverName) === 0 && { servername: options.serverName }),
  };
}

/** What `loadTls` would reject with, for each option whose file cannot be used. */
export async function tlsFaults(options: TlsOptions): Promise<OptionProblem[]> {
  const { caCert, clientCert, clientKey } = options;
  const problems: OptionProblem[] = [];
  const texts = new Map<string, string>();
  for (const [option, what, file, faultIn] of [
    ['tls_ca_cert', 'TLS authority file', caCert, certificatesFault],
    ['tls_client_cert', 'TLS certificate file', clientCert, certificatesFault],
    ['tls_client_key', 'TLS key file', clientKey, keyFault],
  ] as const) {
    if (file === null) continue;
    try {
      texts.set(option, await load(what, file, faultIn));
    } catch (error) {
      problems.push({ option, message: (error as DeviceFailure).message });
    }
  }
  const [cert, key] = [texts.get('tls_client_cert'), texts.get('tls_client_key')];
  const fault = cert === undefined || key === undefined ? null : pairFault(cert, key);
  if (fault !== null)
    problems.push({ option: 'tls_client_key', message: unusable(pairOf(options), fault).message });
  return problems;
}

function pairOf({ clientCert, clientKey }: TlsOptions): string {
  return `TLS certificate file "${clientCert!.path}" with key file "${clientKey!.path}"`;
}

async function load(
  what: string,
  file: FileToRead,
  faultIn: (text: string) => string | null,
): Promise<string> {
  const text = await readFileToRead(file, `Cannot read ${what} "${file.path}"`);
  refuse(`${what} "${file.path}"`, faultIn(text));
  return text;
}

function refuse(what: string, fault: string | null): void {
  if (fault !== null) throw unusable(what, fault);
}

function unusable(what: string, fault: string): DeviceFailure {
  return new DeviceFailure('tls', `Cannot use ${what}: ${fault}`, { permanent: true });
}
