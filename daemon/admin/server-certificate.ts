import { createSecureContext } from 'node:tls';
import type { ServerCertificate } from '../http/http-server.ts';
import { AccessRefused, readAccessFile } from './access-file.ts';

/** Reads what the server proves its name with. Rejects with `AccessRefused` that names the file. */
export async function readServerCertificate(files: {
  readonly cert: string;
  readonly key: string;
}): Promise<ServerCertificate> {
  const cert = await readAccessFile('TLS certificate file', files.cert, false);
  const key = await readAccessFile('TLS key file', files.key, true);
  attempt(() => createSecureContext({ cert }), `Cannot use TLS certificate file "${files.cert}"`, notPem);
  attempt(() => createSecureContext({ key }), `Cannot use TLS key file "${files.key}"`, notPem);
  const both = `Cannot use TLS certificate file "${files.cert}" with key file "${files.key}"`;
  attempt(() => createSecureContext({ cert, key }), both, 'they do not belong together');
  return { cert, key };
}

const notPem = 'it is not what OpenSSL takes for that, in PEM';

/** OpenSSL's own message is left out: nobody has promised that it never quotes a key. */
function attempt(task: () => unknown, action: string, detail: string): void {
  try {
    task();
  } catch {
    throw new AccessRefused(`${action}: ${detail}`);
  }
}
