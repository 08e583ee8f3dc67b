import type net from 'node:net';
import { loadLibc } from '../../devices/transport/libc.ts';
import { descriptorOf } from './descriptor.ts';

/**
 * Whether the peer of a UNIX socket has closed it, or ended; what it sent may still lie there. A socket that is not read
 * tells nothing of that itself. Without koffi it is never known.
 */
export function peerGone(socket: net.Socket): boolean {
  const fd = descriptorOf(socket);
  return fd >= 0 && loadLibc()?.hungUp(fd) === true;
}
