import { createHash } from 'node:crypto';

/** Where salts are, in the state directory. */
export const saltFolder = 'salts';
// A file name holds 255 bytes on every common file system.
const maxNameBytes = 200;

/**
 * A file name for any device path, different for different paths also where file names ignore case: bytes other
 * than `a-z 0-9 _ -` become `%` and two digits, and a long name becomes its SHA-256 behind a `=`.
 */
export function saltName(devicePath: string): string {
  let name = '';
  for (const byte of Buffer.from(devicePath)) {
    const character = String.fromCharCode(byte);
    name += /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }
  if (name.length > maxNameBytes) name = `=${createHash('sha256').update(devicePath).digest('hex')}`;
  return `${saltFolder}/${name}`;
}
