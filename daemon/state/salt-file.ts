import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorText } from '../system-error.ts';
import { SaltRefused } from './salt-refused.ts';

// OpenBao's salts have 36 characters. The bound is there to notice a wrong file, such as a log or an image.
const maxBytes = 1024;

/**
 * The salt that an operator wrote: the one line of text in `file`, without its line end and otherwise exactly as it
 * is. `warn` hears of a file that other users can read.
 */
export async function readSaltFile(file: string, warn: (message: string) => void): Promise<string> {
  let bytes: Buffer;
  try {
    // O_NONBLOCK: opening a FIFO that nobody writes would never return.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      bytes = await readChecked(handle, file, warn);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SaltRefused) throw error;
    throw new SaltRefused(`Cannot read salt file "${file}": ${systemErrorText(error)}`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refused(file, 'it is not UTF-8 text');
  }
  const salt = text.replace(/\r?\n$/, '');
  if (salt === '') throw refused(file, 'it is empty');
  if (salt.includes('\n')) throw refused(file, 'it has more than one line');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f\ufeff]/.test(salt)) throw refused(file, 'it has characters that are not text');
  return salt;
}

async function readChecked(
  handle: FileHandle,
  file: string,
  warn: (message: string) => void,
): Promise<Buffer> {
  const found = await handle.stat();
  if (!found.isFile()) throw refused(file, 'it is not a regular file');
  // systemd's credentials show group bits: that is their access list, and nobody else gets into their directory.
  const credentials = process.env['CREDENTIALS_DIRECTORY'];
  const isCredential =
    credentials !== undefined && path.dirname(path.resolve(file)) === path.resolve(credentials);
  if ((found.mode & 0o044) !== 0 && !isCredential) {
    warn(`Salt file "${file}" can be read by other users: run chmod 0600 on it`);
  }
  const bytes = Buffer.alloc(maxBytes + 1);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  if (bytesRead > maxBytes) throw refused(file, `it is longer than ${maxBytes} bytes`);
  return bytes.subarray(0, bytesRead);
}

function refused(file: string, what: string): SaltRefused {
  return new SaltRefused(`Cannot use salt file "${file}": ${what}; a salt is one line of text`);
}
