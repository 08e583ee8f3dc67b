import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A self-signed certificate, its own authority, and its key: paths and contents. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Made anew by `openssl` for the names given, such as `DNS:localhost,IP:127.0.0.1`. */
export function makeCertificate(directory: string, name: string, alternativeNames: string): TestCertificate {
  const certFile = path.join(directory, `${name}.crt`);
  const keyFile = path.join(directory, `${name}.key`);
  const options = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternativeNames}`];
  execFileSync('openssl', ['req', ...options, ...names, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

/** `false`, or what a skipped test says. */
export const opensslMissing: string | false = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'install openssl';
  }
})();
