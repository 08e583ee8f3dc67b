import type { Clock } from '../clock.ts';

/** How often it is looked at, in milliseconds. */
const lookMs = 1000;

/** What could not be given back is in use: it is tried again after twice as many looks each time, up to a minute. */
const mostLooks = 60;

/** What is worth the walk through it: about 5 ms for so much (measured: 90 ms for 340 MiB). */
const worthBytes = 16 * 1024 * 1024;

/** What a process uses, as `process.memoryUsage` tells it. */
export interface MemoryUse {
  readonly rss: number;
  readonly heapTotal: number;
  readonly external: number;
}

/**
 * Gives back to the system what the C library keeps of memory that was freed: after a flood of unfinished records that is
 * all they took, because a little that is still used lies above it. Returns what ends the looking.
 */
export function returnMemory(clock: Clock, use: () => MemoryUse, giveBack: () => void): () => void {
  let least = Number.POSITIVE_INFINITY;
  /** What stayed when it was tried last, and how many looks from then to the next try. */
  let stayed = 0;
  let looks = 0;
  let pause = 1;
  let cancel = (): void => {};
  const look = (): void => {
    let kept = keptBy(use());
    looks++;
    // More than stayed is new, and waits for nothing: what a flood has used comes free at its end.
    const isNew = kept > stayed + worthBytes;
    if (kept > least + worthBytes && (isNew || looks >= pause)) {
      giveBack();
      kept = keptBy(use());
      pause = isNew ? 1 : Math.min(2 * pause, mostLooks);
      looks = 0;
      stayed = kept;
    }
    stayed = Math.min(stayed, kept);
    least = Math.min(least, kept);
    cancel = clock.setTimer(lookMs, look);
  };
  look();
  return () => cancel();
}

/** Resident, and neither JavaScript's nor in a buffer: code, stacks, and what was freed. */
function keptBy({ rss, heapTotal, external }: MemoryUse): number {
  return rss - heapTotal - external;
}
