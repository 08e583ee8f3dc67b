import type { Clock } from '../clock.ts';

/** How often it is looked at, in milliseconds; ever more seldom, up to a minute, while what was found is in use. */
const lookMs = 1000;
const seldomMs = 60_000;

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
  let pauseMs = lookMs;
  let cancel = (): void => {};
  const look = (): void => {
    let kept = keptBy(use());
    const isMuch = (): boolean => kept > least + worthBytes;
    if (isMuch()) {
      giveBack();
      kept = keptBy(use());
    }
    // What is left is in use, it may be for a moment only: the thread for large records takes some and frees it.
    pauseMs = isMuch() ? Math.min(2 * pauseMs, seldomMs) : lookMs;
    least = Math.min(least, kept);
    cancel = clock.setTimer(pauseMs, look);
  };
  look();
  return () => cancel();
}

/** Resident, and neither JavaScript's nor in a buffer: code, stacks, and what was freed. */
function keptBy({ rss, heapTotal, external }: MemoryUse): number {
  return rss - heapTotal - external;
}
