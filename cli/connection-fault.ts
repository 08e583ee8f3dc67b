/** Why a daemon cannot be reached, in words that fit after a colon. */
export function connectionFault(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  switch (code) {
    case 'ECONNREFUSED':
      return 'nobody listens there; is the daemon running?';
    case 'ENOENT':
      return 'there is no such socket; is the daemon running?';
    case 'EACCES':
      return 'permission denied';
    case 'ENOTSOCK':
      return 'it is not a socket';
    case 'EPIPE':
    case 'ECONNRESET':
      return 'the other side closed the connection';
    case 'ENOTFOUND':
      return 'there is no such host';
    case 'EPROTO':
      return 'TLS could not be set up; does it serve https?';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'no known authority signed its certificate; name the one that did with --ca-cert';
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another name';
    default:
      return code ?? 'the connection failed';
  }
}
