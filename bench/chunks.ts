/** What a socket delivers at once. */
const chunkBytes = 64 * 1024;

/** Whole records in chunks as a socket delivers them. */
export function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.lastIndexOf('\n', Math.min(at + chunkBytes, bytes.length) - 1) + 1;
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}
