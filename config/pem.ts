import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

// What OpenSSL says of a text is left out everywhere here: nobody has promised that it never quotes a key.

/** The labels under which OpenSSL takes a certificate (PEM_read_bio_X509_AUX(3)). */
const opening = /^-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----/gm;

/**
 * Why a text is no list of certificates in PEM, or `null`. Text between them is skipped, as OpenSSL does. An expired
 * certificate is in order here: the handshake judges that. `createSecureContext` would not do: it takes any text for
 * authorities, and an empty one for anything.
 */
export function certificatesFault(text: string): string | null {
  const certificates = certificatesIn(text);
  if (certificates.length === 0) return 'it holds no certificate in PEM';
  const damaged = certificates.indexOf(null);
  return damaged === -1 ? null : `certificate ${damaged + 1} in it is damaged`;
}

/** Why a text is no private key in PEM, or `null`. */
export function keyFault(text: string): string | null {
  return privateKeyIn(text) === null ? 'it holds no private key that OpenSSL can read, in PEM' : null;
}

/** Why a certificate, with those that lead to its authority behind it, cannot be used with a key; both in order. */
export function pairFault(cert: string, key: string): string | null {
  const certificate = certificatesIn(cert)[0]!;
  if (!certificate!.checkPrivateKey(privateKeyIn(key)!)) return 'they do not belong together';
  try {
    createSecureContext({ cert, key });
    return null;
  } catch {
    return 'OpenSSL does not take them';
  }
}

/** Up to the first damaged one, which `null` stands for. No part of the text is looked at twice. */
function certificatesIn(text: string): (X509Certificate | null)[] {
  const found: (X509Certificate | null)[] = [];
  const openings = new RegExp(opening);
  for (
    let begin = openings.exec(text);
    begin !== null && found.at(-1) !== null;
    begin = openings.exec(text)
  ) {
    const end = `-----END ${begin[1]}-----`;
    const at = text.indexOf(end, openings.lastIndex);
    openings.lastIndex = at + end.length;
    found.push(at === -1 ? null : certificateOf(text.slice(begin.index, openings.lastIndex)));
  }
  return found;
}

function certificateOf(block: string): X509Certificate | null {
  try {
    return new X509Certificate(block);
  } catch {
    return null;
  }
}

function privateKeyIn(text: string): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch {
    return null;
  }
}
