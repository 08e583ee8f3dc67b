import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { projectRoot } from './project-root.ts';

/** Lines of a recorded file in test/corpus, without their newlines. */
export function corpusLines(name: string): string[] {
  const bytes = gunzipSync(readFileSync(path.join(projectRoot, 'test/corpus', `${name}.gz`)));
  return bytes.toString('utf8').replace(/\n$/, '').split('\n');
}

/** A record with a number in its id that survives hashing, and a secret that must not. */
export function numberedRecord(number: number, bytes = 200): string {
  const id = `record-${String(number).padStart(8, '0')}`;
  const padding = 'p'.repeat(Math.max(0, bytes - 180));
  return JSON.stringify({
    time: '2026-11-22T10:00:00.000000000Z',
    type: 'request',
    request: { id, operation: 'read', path: padding, client_token: `s.secret-${number}` },
  });
}

/** The numbers of the records that a device's lines hold, in their order. */
export function recordNumbers(lines: readonly string[]): number[] {
  return lines.map((line) => Number(/"id":"record-(\d{8})"/.exec(line)?.[1] ?? Number.NaN));
}
