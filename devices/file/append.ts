import { fdatasync, write } from 'node:fs';

/** How far an append came; `error` is `null` exactly when all was written. */
export interface Appended {
  readonly written: number;
  readonly error: unknown;
}

/**
 * Appends `bytes` to a descriptor in as many calls as the operating system needs: a full disk takes a part of the
 * bytes first and reports the error to the next call.
 */
export function append(fd: number, bytes: Buffer): Promise<Appended> {
  return new Promise((resolve) => {
    let written = 0;
    const next = (error: unknown, count: number): void => {
      written += count;
      if (error !== null || written === bytes.length) resolve({ written, error });
      else write(fd, bytes, written, bytes.length - written, null, next);
    };
    next(null, 0);
  });
}

/** Waits until what was written is on the disk; resolves with the error, or `null`. */
export function syncData(fd: number): Promise<unknown> {
  return new Promise((resolve) => fdatasync(fd, (error) => resolve(error)));
}
