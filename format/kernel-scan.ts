import type { Kernel } from './kernel.ts';

/** The number of records; -1 when they are more than the kernel has room for. */
export function scanIn(
  kernel: Kernel,
  chunks: readonly Uint8Array[],
  length: number,
  applyHeaders: boolean,
): number {
  try {
    return kernel.scan(chunks, length, applyHeaders);
  } catch (error) {
    // A scan fails for one reason only: the system has no memory for the plan.
    kernel.wipe(length);
    throw new Error('Cannot scan batch: out of memory', { cause: error });
  }
}

export function lengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}
