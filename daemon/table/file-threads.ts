import type { Claim } from './claimant.ts';

/** Threads of this process for files and name lookups that libuv makes: by default, and at most. */
const usualThreads = 4;
const mostThreads = 1024;

/** Kept for the daemon itself: its state directory, looks at where paths lead, files that a network device reads. */
export const ownThreads = 12;

/** How many threads for files and name lookups a process with this environment has. */
export function threadsOf(environment: Readonly<Record<string, string | undefined>>): number {
  const text = environment['UV_THREADPOOL_SIZE'];
  if (text === undefined) return usualThreads;
  return Math.min(mostThreads, Math.max(1, Number.parseInt(text, 10) || 0));
}

/**
 * How many files devices may have when there are so many threads: each file keeps one for as long as its disk hangs, and
 * name lookups keep up to half of all, which is libuv's own rule. One file needs no room beside it.
 */
export function mostFiles(threads: number): number {
  // Where the machine affords few threads, the daemon shares the want.
  const own = Math.min(ownThreads, Math.floor(threads / 4));
  return Math.max(1, Math.floor(threads / 2) - own);
}

/** More files than this need more threads than a process can have. */
export const mostFilesEver: number = mostFiles(mostThreads);

/** How many of the claims lead to a file that is written, standard output included. */
export function filesAmong(claims: readonly Claim[]): number {
  return claims.filter(({ kind }) => kind === 'file' || kind === 'stdout').length;
}
