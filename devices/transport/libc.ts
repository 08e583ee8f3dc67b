import { getSystemErrorName } from 'node:util';

/** The calls that Node does not have for datagrams over UNIX sockets. None of them waits. */
export interface Libc {
  /** A non-blocking UNIX datagram socket connected to `path`. Throws an error with a `code`. */
  connectDatagram(path: string): number;
  /** The empty text when the message was taken whole, or the error's code, such as `EAGAIN`. */
  send(fd: number, message: Uint8Array): string;
  close(fd: number): void;
}

let loaded: Promise<Libc | null> | null = null;

/** `null` where the optional package koffi is not installed or has no build for this machine. */
export function loadLibc(): Promise<Libc | null> {
  loaded ??= bind().catch(() => null);
  return loaded;
}

// Linux's values, from <bits/socket.h> and <bits/socket_type.h>; the same on every architecture Node has.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

async function bind(): Promise<Libc | null> {
  if (process.platform !== 'linux') return null;
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const connect = library.func('int connect(int fd, const void *address, uint length)');
  const send = library.func('intptr_t send(int fd, const void *bytes, size_t length, int flags)');
  const close = library.func('int close(int fd)');
  const lastError = (): string => getSystemErrorName(-koffi.errno());

  return {
    connectDatagram(path) {
      const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (fd < 0) throw systemError(lastError());
      const address = socketAddress(path);
      if (connect(fd, address, address.length) === 0) return fd;
      const code = lastError();
      close(fd);
      throw systemError(code);
    },
    send(fd, message) {
      return send(fd, message, message.length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? lastError() : '';
    },
    close(fd) {
      close(fd);
    },
  };
}

/** `struct sockaddr_un` of unix(7): the family in the machine's byte order, the path, a NUL. */
function socketAddress(path: string): Buffer {
  const family = new Uint8Array(new Uint16Array([AF_UNIX]).buffer);
  return Buffer.concat([family, Buffer.from(path), Buffer.alloc(1)]);
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
