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
    default:
      return code ?? 'the connection failed';
  }
}
