import { DeviceFailure, type FailureReason } from './device.ts';

interface ErrorMeaning {
  readonly reason: FailureReason;
  /** What the operating system meant, in an operator's words. */
  readonly text: string;
  readonly permanent?: true;
}

/** What the error codes of Node and of the operating system mean for a device; every kind reads them here. */
const meanings: Readonly<Record<string, ErrorMeaning>> = {
  ECONNREFUSED: { reason: 'refused', text: 'nobody listens there' },
  ECONNRESET: { reason: 'reset', text: 'the peer reset the connection' },
  EPIPE: { reason: 'reset', text: 'the peer no longer reads' },
  ECONNABORTED: { reason: 'reset', text: 'the connection was aborted' },
  ENOTCONN: { reason: 'reset', text: 'the connection is gone' },
  ETIMEDOUT: { reason: 'timeout', text: 'no answer' },
  EHOSTUNREACH: { reason: 'unreachable', text: 'no route to the host' },
  ENETUNREACH: { reason: 'unreachable', text: 'no route to the network' },
  EHOSTDOWN: { reason: 'unreachable', text: 'the host is down' },
  ENETDOWN: { reason: 'unreachable', text: 'the network is down' },
  EADDRNOTAVAIL: { reason: 'unreachable', text: 'no local address to send from' },
  ENOTFOUND: { reason: 'unreachable', text: 'the host name is not known' },
  EAI_AGAIN: { reason: 'unreachable', text: 'the name server does not answer' },
  ENOSPC: { reason: 'no_space', text: 'no space left on the disk' },
  EDQUOT: { reason: 'no_space', text: 'the disk quota is used up' },
  EFBIG: { reason: 'no_space', text: 'the file would be larger than the system allows' },
  EACCES: { reason: 'permission', text: 'permission denied' },
  EPERM: { reason: 'permission', text: 'not permitted' },
  EROFS: { reason: 'permission', text: 'the file system is read-only' },
  ENOENT: { reason: 'not_found', text: 'no such file or directory' },
  ENOTDIR: { reason: 'unsuitable', text: 'a part of the path is not a directory', permanent: true },
  EISDIR: { reason: 'unsuitable', text: 'it is a directory', permanent: true },
  ELOOP: { reason: 'unsuitable', text: 'too many symbolic links', permanent: true },
  ENAMETOOLONG: { reason: 'unsuitable', text: 'the path is too long', permanent: true },
  ENXIO: { reason: 'unsuitable', text: 'not a regular file', permanent: true },
  ENOTSOCK: { reason: 'unsuitable', text: 'not a socket', permanent: true },
  EPROTOTYPE: { reason: 'unsuitable', text: 'a socket of another type' },
  EAFNOSUPPORT: { reason: 'unsuitable', text: 'the machine has no such address family', permanent: true },
  EIO: { reason: 'io', text: 'input/output error' },
  EMFILE: { reason: 'io', text: 'too many open files' },
  ENFILE: { reason: 'io', text: 'too many open files in the system' },
  ENOBUFS: { reason: 'io', text: 'no buffer space' },
  EPROTO: { reason: 'tls', text: 'the TLS handshake failed' },
};

/** OpenSSL's verdicts on a certificate, as Node spells them, and Node's own on names and protocol. */
const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH)/;

/**
 * An error of the operating system as a failure; `action` says what could not be done, with the destination in
 * quotes: `Cannot open audit file "/x/y"`. Of the error only its code is used, because messages can quote data.
 */
export function failureOf(
  action: string,
  error: unknown,
  options: { readonly permanent?: boolean } = {},
): DeviceFailure {
  if (error instanceof DeviceFailure) return error;
  const code = codeOf(error);
  const meaning = meanings[code] ?? unlisted(code);
  return new DeviceFailure(meaning.reason, `${action}: ${meaning.text}`, {
    permanent: options.permanent ?? meaning.permanent ?? false,
  });
}

/** The lane gave up on what the device was doing. */
export function abortedFailure(action: string): DeviceFailure {
  return new DeviceFailure('aborted', `${action}: given up`);
}

/** An error's code such as `ENOSPC`, or the empty text. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Several addresses were tried, and each failed: the first says as much as any.
  return error instanceof AggregateError ? codeOf(error.errors[0]) : '';
}

function unlisted(code: string): ErrorMeaning {
  if (tlsCode.test(code)) {
    const words = code
      .replace(/^ERR_(?:TLS|SSL|OSSL)_/, '')
      .toLowerCase()
      .replaceAll('_', ' ');
    return { reason: 'tls', text: words };
  }
  return { reason: 'io', text: code === '' ? 'unknown error' : code };
}
