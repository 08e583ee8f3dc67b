import type { IncomingMessage } from 'node:http';
import { AdminRefused } from './admin-control.ts';
import { type JsonObject, type JsonValue, NotJson, parseJson } from './json-text.ts';

/** Bytes of the longest body: a device with all its options, TLS included, has a few thousand. */
const maxBytes = 1024 * 1024;

/** Of a longer one, so much is read and forgotten: many clients look for the answer only when all has been sent. */
const maxReadBytes = 8 * maxBytes;

/**
 * The fields of a call; none when it has no body. What media type it claims to be makes no difference: curl says that
 * it sends a form. Rejects with `AdminRefused`, whose message never repeats the body.
 */
export async function readFields(request: IncomingMessage): Promise<JsonObject> {
  const text = await readText(request);
  if (text.trim() === '') return new Map();
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (error) {
    if (error instanceof NotJson) throw refused(error.message);
    throw error;
  }
  if (!(value instanceof Map)) throw refused('wanted a JSON object');
  return value;
}

async function readText(request: IncomingMessage): Promise<string> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxReadBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const outcome = await new Promise<'whole' | 'too large' | 'gone'>((resolve) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      if (bytes <= maxReadBytes) return;
      request.pause();
      resolve('too large');
    });
    request.once('end', () => resolve('whole'));
    request.once('close', () => resolve('gone'));
  });
  if (outcome === 'gone') throw refused('it does not end');
  if (bytes > maxBytes) throw tooLarge();
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw refused('it is not UTF-8');
  }
}

function tooLarge(): AdminRefused {
  return refused(`it is longer than ${maxBytes} bytes`, 413);
}

function refused(detail: string, status = 400): AdminRefused {
  return new AdminRefused(`Cannot read request body: ${detail}`, status);
}
