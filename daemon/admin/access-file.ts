import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ListenRefused } from '../http/http-server.ts';
import { systemErrorText } from '../system-error.ts';

/** A file that says who may call over TCP, or that proves who answers, cannot be used. The message names it. */
export class AccessRefused extends ListenRefused {}

/** Bytes: a chain of certificates has a few thousand. */
const maxBytes = 64 * 1024;

/**
 * The text of a token, certificate or key file; `what` names it in messages. One that is secret and that others
 * than its owner and group can read is refused: whoever read it could use it for as long as nobody notices.
 */
export async function readAccessFile(what: string, file: string, secret: boolean): Promise<string> {
  try {
    // O_NONBLOCK: opening a FIFO that nobody writes would never return.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readChecked(handle, `Cannot use ${what} "${file}"`, secret);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof AccessRefused) throw error;
    throw new AccessRefused(`Cannot read ${what} "${file}": ${systemErrorText(error)}`);
  }
}

async function readChecked(handle: FileHandle, action: string, secret: boolean): Promise<string> {
  const found = await handle.stat();
  if (!found.isFile()) throw new AccessRefused(`${action}: it is not a regular file`);
  if (secret && (found.mode & 0o037) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    throw new AccessRefused(`${action}: mode ${mode} gives it to others; run chmod 0640 on it`);
  }
  const bytes = Buffer.alloc(maxBytes + 1);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  if (bytesRead > maxBytes) throw new AccessRefused(`${action}: it is longer than ${maxBytes} bytes`);
  return bytes.toString('utf8', 0, bytesRead);
}
