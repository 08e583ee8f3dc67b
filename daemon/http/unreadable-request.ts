import http from 'node:http';
import type { Duplex } from 'node:stream';
import { systemErrorCode } from '../system-error.ts';
import { errorAnswer, type HttpAnswer } from './http-routes.ts';

/** Answers what the parser could not read, in the same shape as every other error. */
export function refuseUnreadable(
  error: Error,
  socket: Duplex,
  respondUnparsed: (start: Buffer) => HttpAnswer | null,
): void {
  const code = systemErrorCode(error);
  // Anything else is a broken connection, or a TLS handshake that failed: there is nobody to answer.
  if (!socket.writable || !(code?.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT')) {
    socket.destroy();
    return;
  }
  const start = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null;
  const { status, body } =
    (start === null ? null : respondUnparsed(start)) ?? errorAnswer(...unreadable(code));
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    // A client that keeps its side open would keep the connection.
    () => socket.destroy(),
  );
}

function unreadable(code: string | null): [number, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'the request headers are too large'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'the request did not arrive in time'];
    default:
      return [400, 'not an HTTP/1.1 request'];
  }
}
