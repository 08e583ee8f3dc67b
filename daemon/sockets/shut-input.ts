import type net from 'node:net';
import { loadLibc } from '../../devices/transport/libc.ts';
import { descriptorOf } from './descriptor.ts';

/**
 * Takes from the peer of a UNIX socket the right to send, and from everybody the right to connect to one that listens:
 * they are told at once, and what they sent, and who waits, is still there. Returns whether that is possible here.
 */
export function shutInput(socket: net.Socket | net.Server): boolean {
  const fd = descriptorOf(socket);
  return fd >= 0 && loadLibc()?.shutDownReading(fd) === '';
}
