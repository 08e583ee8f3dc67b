import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

/**
 * Calls that Node does not have: for datagrams over UNIX sockets, to take from a peer the right to send, to see that it is
 * gone, to give memory back, and to end without a wait. None of them waits.
 */
export interface Libc {
  /** A non-blocking UNIX datagram socket. Throws an error with a `code`. */
  openDatagram(): number;
  /** The same, connected to `path`. */
  connectDatagram(path: string): number;
  /** The empty text when the message was taken whole, or the error's code, such as `EAGAIN`. */
  send(fd: number, message: Uint8Array): string;
  /** As `send`, from a socket that need not be connected; `address` is a `socketAddress`. */
  sendTo(fd: number, message: Uint8Array, address: Uint8Array): string;
  /** At least as many bytes as were sent from the datagram socket and lie unread; `null` when the system does not say. */
  unread(fd: number): number | null;
  close(fd: number): void;
  /**
   * Of a connected UNIX socket: its peer can write no more, and what it wrote can still be read. Of one that listens:
   * nobody can connect any more, and who waits can still be accepted. The empty text, or the error's code.
   */
  shutDownReading(fd: number): string;
  /** Whether the peer of a connected UNIX socket is gone, be it that what it has sent can still be read. */
  hungUp(fd: number): boolean;
  /** Gives freed memory back to the system; does nothing where the C library is not glibc. */
  trimMemory(): void;
  /** Ends the process, whatever its threads wait for. */
  exit(code: number): void;
}

let loaded: Libc | null | 'not_yet' = 'not_yet';

/** `null` where the optional package koffi is not installed or has no build for this machine. */
export function loadLibc(): Libc | null {
  if (loaded === 'not_yet') {
    try {
      loaded = process.platform === 'linux' ? bind() : null;
    } catch {
      loaded = null;
    }
  }
  return loaded;
}

// Linux's values, from <bits/socket.h> and <bits/socket_type.h>; the same on every architecture Node has.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_RD = 0;
const POLLHUP = 0x10;
/** <asm/ioctls.h>. What a message takes in the system's memory is counted, which is more than its bytes. */
const SIOCOUTQ = process.arch === 'ppc64' ? 0x40047473 : 0x5411;

function bind(): Libc {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const library = koffi.load(null);
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const connect = library.func('int connect(int fd, const void *address, uint length)');
  const send = library.func('intptr_t send(int fd, const void *bytes, size_t length, int flags)');
  const sendTo = library.func(
    'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint size)',
  );
  // Declared with its one argument: Linux passes it as it would a fixed one.
  const ioctl = library.func('int ioctl(int fd, unsigned long request, _Out_ int *value)');
  const close = library.func('int close(int fd)');
  const shutdown = library.func('int shutdown(int fd, int how)');
  const poll = library.func('int poll(void *polled, unsigned long count, int timeout)');
  const trim = trimOf(library);
  const exit = library.func('void _exit(int code)');
  const lastError = (): string => getSystemErrorName(-koffi.errno());
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;

  const openDatagram = (): number => {
    const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw systemError(lastError());
    return fd;
  };
  return {
    openDatagram,
    connectDatagram(path) {
      const fd = openDatagram();
      const address = socketAddress(path);
      if (connect(fd, address, address.length) === 0) return fd;
      const code = lastError();
      close(fd);
      throw systemError(code);
    },
    send: (fd, message) => (send(fd, message, message.length, flags) < 0 ? lastError() : ''),
    sendTo: (fd, message, address) =>
      sendTo(fd, message, message.length, flags, address, address.length) < 0 ? lastError() : '',
    unread(fd) {
      const value = [0];
      return ioctl(fd, SIOCOUTQ, value) === 0 ? value[0]! : null;
    },
    close(fd) {
      close(fd);
    },
    shutDownReading: (fd) => (shutdown(fd, SHUT_RD) < 0 ? lastError() : ''),
    hungUp(fd) {
      // `struct pollfd`: the descriptor, what is asked for, what is found. This one is told unasked.
      const polled = new Int16Array(4);
      new Int32Array(polled.buffer)[0] = fd;
      return poll(polled, 1, 0) > 0 && (polled[3]! & POLLHUP) !== 0;
    },
    trimMemory() {
      trim?.(0);
    },
    exit(code) {
      exit(code);
    },
  };
}

/** `null` in a C library that has none, as musl. */
function trimOf(library: ReturnType<typeof import('koffi')['load']>): ((pad: number) => number) | null {
  try {
    return library.func('int malloc_trim(size_t pad)');
  } catch {
    return null;
  }
}

/**
 * `struct sockaddr_un` of unix(7): the family in the machine's byte order, and the path with the NUL that ends it; `@`
 * and an abstract name instead begin with a NUL, and end where the address does.
 */
export function socketAddress(path: string): Buffer {
  const family = new Uint8Array(new Uint16Array([AF_UNIX]).buffer);
  const name = path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`;
  return Buffer.concat([family, Buffer.from(name)]);
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
