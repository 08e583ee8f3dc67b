import path from 'node:path';

/** Where the option `file_path` leads. */
export type FileDestination =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'discard' }
  /** `path` is absolute; symbolic links are not followed. */
  | { readonly kind: 'file'; readonly path: string };

/** `undefined` for a text that names no file. */
export function parseFileDestination(text: string): FileDestination | undefined {
  switch (text.toLowerCase()) {
    case 'stdout':
      return { kind: 'stdout' };
    case 'discard':
      return { kind: 'discard' };
  }
  if (text === '' || text.endsWith('/') || text.includes('\0') || standardStreams.has(text)) return undefined;
  return { kind: 'file', path: path.resolve(text) };
}

/**
 * Names of the process's own descriptors: opening them by path gives a pipe or a terminal where a file is wanted,
 * and for `stdout` there is a destination that treats each of these as it must be.
 */
const standardStreams: ReadonlySet<string> = new Set([
  '-',
  '/dev/stdout',
  '/dev/stderr',
  '/dev/fd/1',
  '/dev/fd/2',
  '/proc/self/fd/1',
  '/proc/self/fd/2',
]);
