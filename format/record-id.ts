import { ownBytes } from './own-bytes.ts';

/** Where the id stands in any record that is made like a log's: behind `auth` at the latest. */
const mostBytes = 64 * 1024;

/** Far longer than any id; it is for a message. */
const mostCharacters = 128;

const [quote, backslash, comma, openBrace, closeBrace, openBracket, closeBracket] = Buffer.from('"\\,{}[]');
const request = Buffer.from('"request"');
const id = Buffer.from('"id"');

/**
 * `request.id` of a record that is not to be parsed as a whole, such as one that is too large: from the first bytes of
 * the record or of its line in JSON, whatever stands before it, in the pieces in which it is held. Empty when it is not
 * found there, or is no string. Nothing else of a record is ever given, nor left behind in memory.
 */
export function recordId(pieces: readonly Uint8Array[]): string {
  const bytes = beginning(pieces);
  const found = findId(bytes);
  bytes.fill(0);
  return found;
}

function beginning(pieces: readonly Uint8Array[]): Buffer {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = ownBytes(Math.min(length, mostBytes));
  let filled = 0;
  for (const piece of pieces) {
    if (filled === bytes.length) break;
    bytes.set(piece.subarray(0, bytes.length - filled), filled);
    filled += Math.min(piece.length, bytes.length - filled);
  }
  return bytes;
}

function findId(bytes: Buffer): string {
  const from = bytes.indexOf(openBrace!);
  let depth = 0;
  let inRequest = false;
  /** Of the member that is being read; `null` before it. */
  let key: Buffer | null = null;
  for (let at = from; at !== -1 && at < bytes.length; at++) {
    switch (bytes[at]) {
      case openBrace:
        depth++;
        if (depth === 2) inRequest = key?.equals(request) ?? false;
        key = null;
        break;
      case openBracket:
        depth++;
        key = null;
        break;
      case closeBrace:
      case closeBracket:
        depth--;
        if (depth < 2) inRequest = false;
        key = null;
        break;
      case comma:
        key = null;
        break;
      case quote: {
        const end = endOfString(bytes, at);
        if (end === -1) return '';
        const string = bytes.subarray(at, end);
        if (key === null) key = string;
        else if (depth === 2 && inRequest && key.equals(id)) return textOf(string);
        at = end - 1;
      }
    }
  }
  return '';
}

/** Behind the closing quote; -1 when there is none. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === backslash) at++;
    else if (bytes[at] === quote) return at + 1;
  }
  return -1;
}

function textOf(string: Buffer): string {
  try {
    return shownId(JSON.parse(string.toString('utf8')) as string);
  } catch {
    return '';
  }
}

/** As much of an id as a message shows. */
export function shownId(text: string): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`;
}
