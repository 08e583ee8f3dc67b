import { getSystemErrorMap } from 'node:util';

/** The code of an operating system error, such as `EACCES`; `null` for anything else. */
export function systemErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/**
 * What the operating system said, in words such as `permission denied`. Never the error's own message: that one
 * repeats the path, and messages of other libraries may quote what they were given.
 */
export function systemErrorText(error: unknown): string {
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') {
    const known = getSystemErrorMap().get(error.errno);
    if (known !== undefined) return known[1];
  }
  return systemErrorCode(error) ?? 'unexpected error';
}
