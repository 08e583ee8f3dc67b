import { isUtf8 } from 'node:buffer';
import path from 'node:path';
import { readSmallFile, SmallFileRefused } from '../../config/small-file.ts';
import { systemErrorText } from '../system-error.ts';
import { SaltRefused } from './salt-refused.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;

/** OpenBao's salts have 36 characters. One that others can read is warned of and not refused: it was in use before. */
const rules = { maxBytes: 1024, secret: false };

/**
 * The salt that an operator wrote: the one line of text in `file`, without its line end and otherwise exactly as it
 * is. `warn` hears of a file that other users can read. Bytes, and never a string, which could not be wiped: that is for
 * whoever asks.
 */
export async function readSaltFile(file: string, warn: (message: string) => void): Promise<Buffer> {
  const bytes = await read(file, warn);
  const salt = withoutLineEnd(bytes);
  const fault = saltFault(salt);
  if (fault === null) return salt;
  bytes.fill(0);
  throw refused(file, fault);
}

function withoutLineEnd(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== newline) return bytes;
  return bytes.subarray(0, bytes.at(-2) === carriageReturn ? -2 : -1);
}

function saltFault(salt: Buffer): string | null {
  if (!isUtf8(salt)) return 'it is not UTF-8 text';
  if (salt.length === 0) return 'it is empty';
  if (salt.includes(newline)) return 'it has more than one line';
  const control = salt.some((byte) => byte < 0x20 || byte === 0x7f);
  return control || salt.includes('\ufeff') ? 'it has characters that are not text' : null;
}

async function read(file: string, warn: (message: string) => void): Promise<Buffer> {
  try {
    const { bytes, mode } = await readSmallFile(file, rules);
    if ((mode & 0o044) !== 0 && !isCredential(file)) {
      warn(`Salt file "${file}" can be read by other users: run chmod 0600 on it`);
    }
    return bytes;
  } catch (error) {
    if (error instanceof SmallFileRefused) throw refused(file, error.message);
    throw new SaltRefused(`Cannot read salt file "${file}": ${systemErrorText(error)}`);
  }
}

/** systemd's credentials show group bits: that is their access list, and nobody else gets into their directory. */
function isCredential(file: string): boolean {
  const credentials = process.env['CREDENTIALS_DIRECTORY'];
  return credentials !== undefined && path.dirname(path.resolve(file)) === path.resolve(credentials);
}

function refused(file: string, what: string): SaltRefused {
  return new SaltRefused(`Cannot use salt file "${file}": ${what}; a salt is one line of text`);
}
