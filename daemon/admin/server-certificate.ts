import { certificatesFault, keyFault, pairFault } from '../../config/pem.ts';
import type { ServerCertificate } from '../http/http-server.ts';
import { AccessRefused, readAccessFile } from './access-file.ts';

interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Reads what the server proves its name with. Rejects with `AccessRefused` that names the file. */
export async function readServerCertificate(files: CertificateFiles): Promise<ServerCertificate> {
  const cert = await readCertificate(files);
  const key = await readKey(files);
  refuse(`TLS certificate file "${files.cert}" with key file "${files.key}"`, pairFault(cert, key));
  return { cert, key };
}

async function readCertificate(files: CertificateFiles): Promise<string> {
  const cert = await readAccessFile('TLS certificate file', files.cert, false);
  refuse(`TLS certificate file "${files.cert}"`, certificatesFault(cert));
  return cert;
}

async function readKey(files: CertificateFiles): Promise<string> {
  const key = await readAccessFile('TLS key file', files.key, true);
  refuse(`TLS key file "${files.key}"`, keyFault(key));
  return key;
}

/** What `readServerCertificate` would reject with: of each file that cannot be used, and of the two when only together they cannot. */
export async function serverCertificateFaults(
  files: CertificateFiles,
): Promise<readonly { readonly key: 'cert' | 'key'; readonly message: string }[]> {
  const reading = (
    [
      ['cert', readCertificate],
      ['key', readKey],
    ] as const
  ).map(async ([key, read]) =>
    refusalOf(read(files)).then((message) => (message === null ? [] : [{ key, message }])),
  );
  const faults = (await Promise.all(reading)).flat();
  if (faults.length > 0) return faults;
  const message = await refusalOf(readServerCertificate(files));
  return message === null ? [] : [{ key: 'key', message }];
}

/** The message that it is refused with; `null` when it is not. */
async function refusalOf(reading: Promise<unknown>): Promise<string | null> {
  try {
    await reading;
    return null;
  } catch (error) {
    if (error instanceof AccessRefused) return error.message;
    throw error;
  }
}

function refuse(what: string, fault: string | null): void {
  if (fault !== null) throw new AccessRefused(`Cannot use ${what}: ${fault}`);
}
