import type { z } from 'zod';
import { type AllowedAddress, parseAllowedAddress } from './allowed-address.ts';
import type { AdminConfig } from './config.ts';
import { isLoopback, parseListenAddress } from './listen-address.ts';
import { socketPath } from './listener-schema.ts';
import { fileMode, filePath, flag, scalar } from './scalars.ts';
import { servicesFile } from './services.ts';
import { list, section } from './shapes.ts';

const tcpAddress: z.ZodType<{ host: string; port: number }> = scalar(
  'host:port such as 127.0.0.1:8218',
  ({ text }) => {
    const address = parseListenAddress(text);
    return address?.kind === 'tcp' ? { host: address.host, port: address.port } : null;
  },
);

const tcp: z.ZodType<AdminConfig['tcp']> = section({
  address: tcpAddress,
  token_file: filePath,
  tls: section({ cert: filePath, key: filePath }).nullable().default(null),
})
  .transform(({ address, token_file: tokenFile, tls }, context) => {
    if (tls === null && !isLoopback(address.host)) {
      // The admin token would cross the network in the clear.
      const message = 'without "tls", wanted a loopback address such as 127.0.0.1:8218';
      context.issues.push({ code: 'custom', path: ['address'], message, input: address });
    }
    return { address, tokenFile, tls };
  })
  .nullable();

const allowedAddress: z.ZodType<AllowedAddress> = scalar(
  'a host, an address or a range such as 10.0.0.0/8, each alone or with a port or the name of a service, or the path of a UNIX socket',
  ({ text }) => parseAllowedAddress(text, servicesFile),
);

/** The key `admin`. */
export const admin: z.ZodType<AdminConfig> = section({
  path: socketPath.default('/run/audit-sidecar/admin.sock'),
  mode: fileMode.default(0o600),
  tcp: tcp.default(null),
  file_roots: list('a list of folders', filePath).default(['/var/log/audit-sidecar']),
  allow_prefix: flag.default(false),
  allow_log_raw: flag.default(false),
  allow_addresses: list('a list of addresses', allowedAddress).nullable().default(null),
})
  .transform((found) => ({
    path: found.path,
    mode: found.mode,
    tcp: found.tcp,
    fileRoots: found.file_roots,
    allowPrefix: found.allow_prefix,
    allowLogRaw: found.allow_log_raw,
    allowAddresses: found.allow_addresses,
  }))
  .prefault({});
