import { randomFillSync } from 'node:crypto';
import { ownBytes } from '../../format/own-bytes.ts';
import { SaltRefused } from './salt-refused.ts';

/** Bytes of a UUID in text form. */
const saltBytes = 36;
const quote = 0x22;
const dash = 0x2d;
const hexDigits = Buffer.from('0123456789abcdef');
/** What stands in place of a salt while the text around it is read: no UUID has this letter. */
const veil = 'x'.charCodeAt(0);
const veiled = 'x'.repeat(saltBytes);

/** A new random UUID (version 4) in text form, in bytes of its own: a string could not be wiped. */
export function newSalt(): Buffer {
  const random = randomFillSync(ownBytes(16));
  random[6] = (random[6]! & 0x0f) | 0x40;
  random[8] = (random[8]! & 0x3f) | 0x80;
  const salt = ownBytes(saltBytes);
  let at = 0;
  for (const [index, byte] of random.entries()) {
    if (index === 4 || index === 6 || index === 8 || index === 10) salt[at++] = dash;
    salt[at++] = hexDigits[byte >> 4]!;
    salt[at++] = hexDigits[byte & 15]!;
  }
  random.fill(0);
  return salt;
}

/** The content of a stored salt's file; whoever asks wipes it. */
export function storedSaltContent(devicePath: string, salt: Uint8Array): Buffer {
  const before = Buffer.from(`{"device":${JSON.stringify(devicePath)},"salt":"`);
  const after = Buffer.from('"}\n');
  const content = ownBytes(before.length + salt.length + after.length);
  content.set(before);
  content.set(salt, before.length);
  content.set(after, before.length + salt.length);
  return content;
}

/**
 * Whose salt is in the content of `file`, and the salt itself, in bytes of its own. The content is wiped. Throws
 * `SaltRefused`.
 */
export function readStoredSalt(
  content: Buffer,
  file: string,
): { readonly device: string; readonly salt: Buffer } {
  if (content.length === 0) throw damagedSalt(file, 'it is empty');
  const salt = takeOut(content);
  try {
    const { device, shown } = parsed(content, file);
    if (salt === null || shown !== veiled) throw damagedSalt(file, 'the salt is not a UUID of 36 characters');
    return { device, salt };
  } catch (error) {
    salt?.fill(0);
    throw error;
  } finally {
    content.fill(0);
  }
}

/** Copies the last UUID that is a whole string, and veils every one; `null` when there is none. */
function takeOut(content: Buffer): Buffer | null {
  let salt: Buffer | null = null;
  for (let at = content.indexOf(quote); at >= 0; at = content.indexOf(quote, at + 1)) {
    const found = content.subarray(at + 1, at + 1 + saltBytes);
    if (content[at + 1 + saltBytes] !== quote || !isUuid(found)) continue;
    salt?.fill(0);
    salt = ownBytes(saltBytes);
    salt.set(found);
    found.fill(veil);
  }
  return salt;
}

function isUuid(bytes: Buffer): boolean {
  return bytes.every((byte, index) =>
    index === 8 || index === 13 || index === 18 || index === 23 ? byte === dash : hexDigits.includes(byte),
  );
}

function parsed(content: Buffer, file: string): { readonly device: string; readonly shown: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    // The parser's message would quote a salt that is not whole.
    throw damagedSalt(file, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || !('device' in value) || !('salt' in value)) {
    throw damagedSalt(file, 'it has no device and salt');
  }
  const { device, salt: shown } = value;
  if (typeof device !== 'string') throw damagedSalt(file, 'the device is not text');
  return { device, shown };
}

/** What is wrong with a stored salt, and what to do. */
export function damagedSalt(file: string, what: string): SaltRefused {
  return new SaltRefused(
    `Cannot use salt "${file}": ${what}; restore it from a backup, or remove it to begin with a new salt (hashes from before will then not compare with new ones)`,
  );
}
