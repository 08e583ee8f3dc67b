import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** What `-` stands for. */
export const standardInputFile = '/dev/stdin';

export function openInput(file: string): Readable {
  return file === standardInputFile ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
}

/** As it is named in a message. */
export function inputName(file: string): string {
  return file === standardInputFile ? 'standard input' : `"${file}"`;
}

/** As it is typed in a command that reads it. */
export function shellName(file: string): string {
  if (file === standardInputFile) return 'FILE';
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
