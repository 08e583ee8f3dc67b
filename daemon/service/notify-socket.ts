import { socketPathFault } from '../../config/socket-path.ts';
import { loadLibc, socketAddress } from '../../devices/transport/libc.ts';

/** Sends datagrams to one UNIX socket without waiting. */
export interface DatagramSender {
  /** `later`: the receiver's queue is full; `failed`: it will not get there. */
  send(text: string): 'sent' | 'later' | 'failed';
  close(): void;
}

/**
 * A sender to `address`, a path or `@` and an abstract name. `null` when koffi is not installed, or the address is of
 * another kind. The socket is not connected: a manager that starts anew is found at its address again.
 */
export function openDatagramSender(address: string): DatagramSender | null {
  if (!/^[/@]./.test(address) || socketPathFault(address) !== null) return null;
  const libc = loadLibc();
  if (libc === null) return null;
  let descriptor: number | null;
  try {
    descriptor = libc.openDatagram();
  } catch {
    return null;
  }
  const target = socketAddress(address);
  return {
    send(text) {
      if (descriptor === null) return 'failed';
      const code = libc.sendTo(descriptor, Buffer.from(text), target);
      if (code === '') return 'sent';
      return code === 'EAGAIN' || code === 'ENOBUFS' ? 'later' : 'failed';
    },
    close() {
      if (descriptor !== null) libc.close(descriptor);
      descriptor = null;
    },
  };
}
