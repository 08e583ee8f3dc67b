import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** How often each text is in the memory of a process that this one has started. */
export function countInMemory(pid: number, texts: readonly string[]): number[] {
  const counts = texts.map(() => 0);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (from === undefined || to === undefined) continue;
      const bytes = readRange(memory, BigInt(`0x${from}`), BigInt(`0x${to}`));
      for (const [index, text] of texts.entries()) {
        for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) counts[index]!++;
      }
    }
  } finally {
    closeSync(memory);
  }
  return counts;
}

/** Pages that the process gives back meanwhile are left out. */
function readRange(memory: number, from: bigint, to: bigint): Buffer {
  const bytes = Buffer.alloc(Number(to - from));
  try {
    const read = readSync(memory, bytes, 0, bytes.length, from);
    return bytes.subarray(0, read);
  } catch {
    return Buffer.alloc(0);
  }
}
