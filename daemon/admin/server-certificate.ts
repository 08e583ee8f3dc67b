import { certificatesFault, keyFault, pairFault } from '../../config/pem.ts';
import type { ServerCertificate } from '../http/http-server.ts';
import { AccessRefused, readAccessFile } from './access-file.ts';

/** Reads what the server proves its name with. Rejects with `AccessRefused` that names the file. */
export async function readServerCertificate(files: {
  readonly cert: string;
  readonly key: string;
}): Promise<ServerCertificate> {
  const cert = await readAccessFile('TLS certificate file', files.cert, false);
  const key = await readAccessFile('TLS key file', files.key, true);
  refuse(`TLS certificate file "${files.cert}"`, certificatesFault(cert));
  refuse(`TLS key file "${files.key}"`, keyFault(key));
  refuse(`TLS certificate file "${files.cert}" with key file "${files.key}"`, pairFault(cert, key));
  return { cert, key };
}

function refuse(what: string, fault: string | null): void {
  if (fault !== null) throw new AccessRefused(`Cannot use ${what}: ${fault}`);
}
