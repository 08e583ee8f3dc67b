import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { certificatesFault, keyFault, pairFault } from '../../config/pem.ts';
import { makeCertificate, opensslMissing, type TestCertificate } from '../devices/peers/certificates.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const none = 'it holds no certificate in PEM';

test('certificates and keys', { skip: opensslMissing }, async (context) => {
  const folder = temporaryDirectory(context);
  const one = makeCertificate(folder, 'one', 'DNS:one.example.org');
  const other = makeCertificate(folder, 'other', 'DNS:other.example.org');
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const damaged = (cert: string): string => cert.replace('MII', 'xII');

  await context.test('one certificate or several are in order, with what stands between them', () => {
    for (const text of [
      one.cert,
      one.cert + other.cert,
      one.cert.trimEnd(),
      one.cert.replaceAll('\n', '\r\n'),
      `# an authority\nsubject=CN = one\n${one.cert}\nand another\n${other.cert}`,
      one.key + one.cert,
      openssl('x509', '-in', one.certFile, '-trustout'),
      one.cert.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'),
    ]) {
      assert.equal(certificatesFault(text), null);
    }
  });

  await context.test('a text without a certificate is refused, whatever else is in it', () => {
    for (const text of [
      '',
      'hidden',
      one.key,
      '-----BEGIN NOTHING-----\n',
      one.cert.replace('-----BEGIN', '----BEGIN'),
    ]) {
      assert.equal(certificatesFault(text), none, text);
    }
  });

  await context.test('a damaged certificate is named by its place', () => {
    const unended = one.cert.replace('-----END CERTIFICATE-----', '');
    assert.equal(certificatesFault(damaged(one.cert)), 'certificate 1 in it is damaged');
    assert.equal(certificatesFault(one.cert + damaged(other.cert)), 'certificate 2 in it is damaged');
    assert.equal(certificatesFault(unended), 'certificate 1 in it is damaged');
    assert.equal(certificatesFault(unended + other.cert), 'certificate 1 in it is damaged');
    assert.equal(certificatesFault(one.cert + unended), 'certificate 2 in it is damaged');
    assert.equal(
      certificatesFault(one.cert.replace('BEGIN CERTIFICATE', 'BEGIN X509 CERTIFICATE')),
      'certificate 1 in it is damaged',
    );
  });

  await context.test('an expired certificate is in order here', () => {
    assert.equal(certificatesFault(expired(folder).cert), null);
  });

  await context.test('a megabyte of openings is one damaged certificate', () => {
    const text = '-----BEGIN CERTIFICATE-----\n'.repeat(37_000);
    assert.equal(certificatesFault(text), 'certificate 1 in it is damaged');
    assert.equal(
      certificatesFault(`${text}-----END CERTIFICATE-----\n${one.cert}`),
      'certificate 1 in it is damaged',
    );
  });

  await context.test('a key is in order in any of its forms, and only as long as it can be used', () => {
    const rsa = openssl('genrsa', '-traditional', '2048');
    for (const text of [one.key, rsa, one.cert + one.key]) assert.equal(keyFault(text), null);
    const encrypted = openssl('pkey', '-in', one.keyFile, '-aes128', '-passout', 'pass:hidden');
    for (const text of ['', 'hidden', one.cert, encrypted, one.key.slice(0, 100)]) {
      assert.equal(keyFault(text), 'it holds no private key that OpenSSL can read, in PEM');
    }
  });

  await context.test('a pair belongs together, by the first certificate', () => {
    assert.equal(pairFault(one.cert, one.key), null);
    assert.equal(pairFault(one.cert + other.cert, one.key), null);
    assert.equal(pairFault(one.cert, other.key), 'they do not belong together');
    assert.equal(pairFault(other.cert + one.cert, one.key), 'they do not belong together');
  });

  await context.test('a pair that is too weak for TLS is refused', () => {
    const weak = path.join(folder, 'weak');
    const names = ['-subj', '/CN=weak', '-keyout', `${weak}.key`, '-out', `${weak}.crt`];
    openssl('req', '-x509', '-newkey', 'rsa:512', '-nodes', '-days', '2', ...names);
    const [cert, key] = [readFileSync(`${weak}.crt`, 'utf8'), readFileSync(`${weak}.key`, 'utf8')];
    assert.deepEqual([certificatesFault(cert), keyFault(key)], [null, null]);
    assert.equal(pairFault(cert, key), 'OpenSSL does not take them');
  });
});

/** A certificate whose last day is long gone. */
function expired(folder: string): TestCertificate {
  const made = makeCertificate(folder, 'expired', 'DNS:expired.example.org');
  const args = ['x509', '-in', made.certFile, '-signkey', made.keyFile, '-days', '-1'];
  const cert = execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return { ...made, cert };
}
