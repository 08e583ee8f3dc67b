import { type LineShape, TornLine } from './torn-line.ts';
import { blockBytes, bytesAt, newline } from './torn-tail.ts';

/**
 * Whether a file that has bytes begins with a line of an audit log: the device's own, or one that it may have written
 * with another format or without its prefix. A document that happens to be JSON has no `time`, or goes on in the next line.
 */
export async function beginsAsLog(fd: number, shape: LineShape): Promise<boolean> {
  const candidates = [shape.prefix, ''].flatMap((prefix) => [
    new TornLine({ format: 'json', jsonxFragment: false, prefix }),
    new TornLine({ format: 'jsonx', jsonxFragment: false, prefix }),
    new TornLine({ format: 'jsonx', jsonxFragment: true, prefix }),
  ]);
  for (let at = 0; candidates.some((line) => line.ours); ) {
    const block = await bytesAt(fd, at, blockBytes);
    const end = block.indexOf(newline);
    const piece = end === -1 ? block : block.subarray(0, end);
    for (const line of candidates) line.take(piece);
    if (candidates.some((line) => line.known)) return true;
    if (piece.length < blockBytes) return false;
    at += piece.length;
  }
  return false;
}
