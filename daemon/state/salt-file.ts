import path from 'node:path';
import { readSmallFile, SmallFileRefused } from '../../config/small-file.ts';
import { systemErrorText } from '../system-error.ts';
import { SaltRefused } from './salt-refused.ts';

/** OpenBao's salts have 36 characters. One that others can read is warned of and not refused: it was in use before. */
const rules = { maxBytes: 1024, secret: false };

/**
 * The salt that an operator wrote: the one line of text in `file`, without its line end and otherwise exactly as it
 * is. `warn` hears of a file that other users can read.
 */
export async function readSaltFile(file: string, warn: (message: string) => void): Promise<string> {
  const bytes = await read(file, warn);
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
