import { SmallFileRefused } from './small-file.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a folder on the way to it is a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

/** Why a file could not be read, in words that fit after a colon. */
export function reasonOf(error: unknown): string {
  if (error instanceof SmallFileRefused) return error.message;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return (code !== undefined ? reasons[code] : undefined) ?? code ?? 'it cannot be read';
}
