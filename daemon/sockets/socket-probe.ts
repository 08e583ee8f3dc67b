import net from 'node:net';
import { systemErrorCode } from '../system-error.ts';

/**
 * What is behind a socket file:
 * `living`: a process listens, and said `greeting` (empty when it said nothing in time);
 * `dead`: nobody listens any more;
 * `absent`: there is no such file;
 * `unknown`: the operating system would not let us find out.
 */
export type SocketProbe =
  | { readonly kind: 'living'; readonly greeting: string }
  | { readonly kind: 'dead' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly error: unknown };

/**
 * Connects once to a UNIX stream socket. The kernel accepts for a listener whether or not its process gets to run,
 * so a stopped or busy one counts as living. A greeting is waited for only when `greetingMs` is above 0.
 */
export function probeSocket(address: string, greetingMs: number): Promise<SocketProbe> {
  return new Promise((resolve) => {
    let greeting = '';
    let timer: NodeJS.Timeout | null = null;
    const socket = net.connect(address);
    const settle = (probe: SocketProbe): void => {
      if (timer !== null) clearTimeout(timer);
      socket.destroy();
      resolve(probe);
    };
    const living = (): void => settle({ kind: 'living', greeting });
    let connected = false;
    socket.once('connect', () => {
      connected = true;
      if (greetingMs === 0) return living();
      timer = setTimeout(living, greetingMs);
    });
    socket.on('data', (bytes) => {
      // A state lock says a few digits; whatever else listens here is not listened to for long.
      greeting += bytes.toString('latin1');
      if (greeting.length > 64) living();
    });
    socket.once('end', living);
    socket.on('error', (error) => {
      if (connected) return living();
      switch (systemErrorCode(error)) {
        case 'ECONNREFUSED':
          return settle({ kind: 'dead' });
        case 'ENOENT':
          return settle({ kind: 'absent' });
        case 'ECONNRESET': // it closed while we waited for it to accept: another look tells what is left
          return resolve(probeSocket(address, greetingMs));
        case 'EAGAIN': // its backlog is full
        case 'EPROTOTYPE': // a datagram socket
          return living();
        default:
          return settle({ kind: 'unknown', error });
      }
    });
  });
}
