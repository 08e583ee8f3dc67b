import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ownBytes } from '../../format/own-bytes.ts';
import { AdminRefused } from './admin-control.ts';
import { type JsonObject, type JsonValue, NotJson, parseJson } from './json-text.ts';
import { veilText } from './veiled-text.ts';

/** Bytes of the longest body: a device with all its options, TLS included, has a few thousand. */
const maxBytes = 1024 * 1024;

/** Bytes of a longer body that are read and thrown away: many clients read the answer only when all is sent. */
const maxReadBytes = 8 * maxBytes;

/** Room for a body that does not say how long it is; it grows. */
const firstRoom = 4096;

/**
 * The fields of a call; none when it has no body, or the word `null`, which Go's clients send for no fields. What media
 * type it claims to be makes no difference: curl says that it sends a form. Rejects with `AdminRefused`, whose message
 * never repeats the body.
 */
export async function readFields(request: IncomingMessage): Promise<JsonObject> {
  const body = await readBody(request);
  try {
    return fieldsOf(body);
  } finally {
    body.fill(0);
  }
}

/**
 * As `readFields`, for a call with a field whose text must not stay in memory: that is given in bytes that the caller
 * wipes, `null` when the field is not there or is no text.
 */
export async function readSecretField(
  request: IncomingMessage,
  name: string,
): Promise<{ readonly fields: JsonObject; readonly secret: Buffer | null }> {
  const body = await readBody(request);
  const veiled = veilText(body, name);
  try {
    const fields = fieldsOf(body);
    if (veiled !== null && fields.get(name) === veiled.shown) return { fields, secret: veiled.bytes };
    veiled?.bytes.fill(0);
    return { fields, secret: null };
  } catch (error) {
    veiled?.bytes.fill(0);
    throw error;
  } finally {
    body.fill(0);
  }
}

function fieldsOf(body: Buffer): JsonObject {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
  if (text.trim() === '') return new Map();
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (error) {
    if (error instanceof NotJson) throw refused(error.message);
    throw error;
  }
  if (value === null) return new Map();
  if (!(value instanceof Map)) throw refused('wanted a JSON object');
  return value;
}

/** In bytes of its own, and nothing of it is left in those that Node read it into. It is UTF-8. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxReadBytes) throw tooLarge();
  let room: Buffer = ownBytes(Math.min(announced || firstRoom, maxBytes));
  let bytes = 0;
  const outcome = await new Promise<'whole' | 'too large' | 'gone'>((resolve) => {
    request.on('data', (chunk: Buffer) => {
      if (bytes + chunk.length <= maxBytes) {
        room = withRoom(room, bytes, chunk.length);
        room.set(chunk, bytes);
      }
      bytes += chunk.length;
      chunk.fill(0);
      if (bytes <= maxReadBytes) return;
      request.pause();
      resolve('too large');
    });
    request.once('end', () => resolve('whole'));
    request.once('close', () => resolve('gone'));
  });
  const body = room.subarray(0, Math.min(bytes, room.length));
  const refusal =
    outcome === 'gone'
      ? refused('it does not end')
      : bytes > maxBytes
        ? tooLarge()
        : isUtf8(body)
          ? null
          : refused('it is not UTF-8');
  if (refusal === null) return body;
  room.fill(0);
  throw refusal;
}

/** The room itself, or a larger one with what it holds, which is then nowhere else. */
function withRoom(room: Buffer, filled: number, more: number): Buffer {
  if (filled + more <= room.length) return room;
  const larger = ownBytes(Math.min(maxBytes, 2 * (filled + more)));
  larger.set(room.subarray(0, filled));
  room.fill(0);
  return larger;
}

function tooLarge(): AdminRefused {
  return refused(`it is longer than ${maxBytes} bytes`, 413);
}

function refused(detail: string, status = 400): AdminRefused {
  return new AdminRefused(`Cannot read request body: ${detail}`, status);
}
