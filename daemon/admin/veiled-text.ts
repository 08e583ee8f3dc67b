import { ownBytes } from '../../format/own-bytes.ts';

/** What stands in place of a veiled text: a character that JSON need not escape and that nobody sends. */
const veil = 0x7f;
const quote = 0x22;
const backslash = 0x5c;

/** A text taken out of a body. */
export interface VeiledText {
  /** Its UTF-8, in bytes of its own, which whoever asked for it wipes. */
  readonly bytes: Buffer;
  /** What the body has in its place now. */
  readonly shown: string;
}

/**
 * Takes a text out of a JSON object that is then read as usual: a string cannot be wiped, and this text may be a secret.
 * In its place as many other characters are left. `null`, and nothing is changed, when the object has no such member,
 * when it is no text, or is none that JSON allows. Of a name that occurs twice the last counts.
 */
export function veilText(body: Buffer, name: string): VeiledText | null {
  const wanted = Buffer.from(`"${name}"`);
  let found: VeiledText | null = null;
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    if (byte !== quote) continue;
    const end = closingQuote(body, at);
    const isWanted = depth === 1 && body.subarray(at, end + 1).equals(wanted);
    at = end;
    if (!isWanted) continue;
    const start = valueStart(body, end + 1);
    if (start === null || body[start] !== quote) continue;
    const written = body.subarray(start + 1, closingQuote(body, start));
    const bytes = unescaped(written);
    if (bytes !== null) {
      found?.bytes.fill(0);
      written.fill(veil);
      found = { bytes, shown: written.toString('latin1') };
    }
    at = start + written.length + 1;
  }
  return found;
}

/** Where the string that begins at `at` ends; the end of the body when it does not. */
function closingQuote(body: Buffer, at: number): number {
  let end = at + 1;
  while (end < body.length && body[end] !== quote) end += body[end] === backslash ? 2 : 1;
  return Math.min(end, body.length);
}

/** Where a member's value begins behind its name; `null` when no colon follows. */
function valueStart(body: Buffer, at: number): number | null {
  const colon = afterBlanks(body, at);
  return body[colon] === 0x3a ? afterBlanks(body, colon + 1) : null;
}

function afterBlanks(body: Buffer, at: number): number {
  let next = at;
  while (next < body.length && isBlank(body[next]!)) next++;
  return next;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** What a letter behind a backslash means (RFC 8259, section 7). */
const letters: ReadonlyMap<number, number> = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([letter, meaning]) => [letter.charCodeAt(0), meaning.charCodeAt(0)],
  ),
);

/** The text of a string as it is written between its quotes; `null` when JSON does not allow it. */
function unescaped(written: Buffer): Buffer | null {
  // Never longer than it was written: six bytes stand for at most three, and twelve for four.
  const room = ownBytes(written.length);
  let length = 0;
  for (let at = 0; at < written.length; ) {
    const byte = written[at]!;
    if (byte < 0x20) return forget(room);
    if (byte !== backslash) {
      room[length++] = byte;
      at++;
      continue;
    }
    const letter = letters.get(written[at + 1] ?? 0);
    if (letter !== undefined) {
      room[length++] = letter;
      at += 2;
      continue;
    }
    const unit = escapedUnit(written, at);
    if (unit === null) return forget(room);
    const second = isHighSurrogate(unit) ? escapedUnit(written, at + 6) : null;
    const pair = second !== null && second >= 0xdc00 && second <= 0xdfff;
    // As text in JavaScript becomes UTF-8: half of a pair becomes U+FFFD.
    length += room.write(pair ? String.fromCharCode(unit, second) : String.fromCharCode(unit), length);
    at += pair ? 12 : 6;
  }
  const bytes = ownBytes(length);
  bytes.set(room.subarray(0, length));
  room.fill(0);
  return bytes;
}

function forget(room: Buffer): null {
  room.fill(0);
  return null;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** The unit of `\u` and four digits at `at`; `null` when they are not there. */
function escapedUnit(written: Buffer, at: number): number | null {
  if (written[at] !== backslash || written[at + 1] !== 'u'.charCodeAt(0) || at + 6 > written.length)
    return null;
  let unit = 0;
  for (const byte of written.subarray(at + 2, at + 6)) {
    const digit = digitOf(byte);
    if (digit === null) return null;
    unit = unit * 16 + digit;
  }
  return unit;
}

function digitOf(byte: number): number | null {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : null;
}
