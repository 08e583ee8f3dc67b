/**
 * Zeros in memory of their own, for what is to be wiped. V8 keeps small arrays (64 bytes) on its heap, where they are
 * moved about and leave copies behind, and Node cuts small buffers from a pool; a buffer of its own is neither.
 */
export function ownBytes(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}

/** Zeros what has not been moved to another thread. */
export function wipe(chunks: readonly Uint8Array[]): void {
  for (const chunk of chunks) if (chunk.length > 0) chunk.fill(0);
}
