import { createRequire } from 'node:module';

/** Sends datagrams to one UNIX socket without waiting. */
export interface DatagramSender {
  /** `later`: the receiver's queue is full; `failed`: it will not get there. */
  send(text: string): 'sent' | 'later' | 'failed';
  close(): void;
}

// Linux, every architecture Node runs on (socket(7), send(2), fcntl(2)).
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
const ENOBUFS = 105;

/**
 * A sender to `address`, a path or `@` and an abstract name, through koffi: Node itself has no UNIX datagrams.
 * `null` when koffi is not installed, or the address is of another kind.
 */
export function openDatagramSender(address: string): DatagramSender | null {
  const name = Buffer.from(address.startsWith('@') ? `\0${address.slice(1)}` : `${address}\0`);
  if (process.platform !== 'linux' || !/^[/@]./.test(address) || name.length > 108) return null;
  let koffi: typeof import('koffi');
  try {
    koffi = createRequire(import.meta.url)('koffi');
  } catch {
    return null;
  }
  try {
    const libc = koffi.load(null);
    const socket = libc.func('int socket(int domain, int type, int protocol)');
    const sendto = libc.func(
      'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t size)',
    );
    const closeSocket = libc.func('int close(int fd)');
    let descriptor: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return null;
    const family = Buffer.alloc(2);
    new Uint16Array(family.buffer, family.byteOffset, 1)[0] = AF_UNIX;
    const target = Buffer.concat([family, name]);
    return {
      send(text) {
        const bytes = Buffer.from(text);
        const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
        if (Number(sendto(descriptor, bytes, bytes.length, flags, target, target.length)) >= 0) return 'sent';
        const code = koffi.errno();
        return code === EAGAIN || code === ENOBUFS ? 'later' : 'failed';
      },
      close() {
        if (descriptor >= 0) closeSocket(descriptor);
        descriptor = -1;
      },
    };
  } catch {
    // A C library without these symbols: the caller has another way.
    return null;
  }
}
