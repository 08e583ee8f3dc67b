import { fstat, ftruncate, read } from 'node:fs';
import { promisify } from 'node:util';
import { append } from './append.ts';
import { type LineShape, TornLine } from './torn-line.ts';

const readAt = promisify(read);
const statOf = promisify(fstat);
const truncate = promisify(ftruncate);

export const newline: number = 0x0a;
export const blockBytes: number = 64 * 1024;

/**
 * Leaves the file empty or ending in a newline, so that the next line cannot be glued to half a line that a full
 * disk or a kill left behind. The file grows by that and does not shrink, because somebody may follow it and have
 * read the half: what begins as a line of the device is completed to one that says `torn`, anything else is ended
 * with a newline. `whenFull` is for where nothing can be appended: `cut` takes the half line off again, and is for
 * right after it was written; `wait` leaves it. Rejects with the operating system's error.
 */
export async function mendTail(fd: number, shape: LineShape, whenFull: 'cut' | 'wait'): Promise<void> {
  const { size } = await statOf(fd);
  const end = await endOfLastLine(fd, size);
  if (end === size) return;
  const line = new TornLine(shape);
  for (let at = end; at < size && line.ours; ) {
    const piece = await bytesAt(fd, at, Math.min(blockBytes, size - at));
    if (piece.length === 0) break;
    line.take(piece);
    at += piece.length;
  }
  const { error } = await append(fd, line.ending());
  if (error === null) return;
  if (whenFull === 'wait' || !line.ours) throw error;
  await truncate(fd, end);
}

/** Appends a newline: for a file that cannot be read to find out whether its last line is whole. */
export async function endLine(fd: number): Promise<void> {
  const { error } = await append(fd, Buffer.from('\n'));
  if (error !== null) throw error;
}

/** The offset behind the last newline before `size`; 0 when there is none. */
export async function endOfLastLine(fd: number, size: number): Promise<number> {
  let end = size;
  // One byte first: a file that ends as it should costs no more than that.
  let length = Math.min(1, size);
  while (end > 0) {
    const block = await bytesAt(fd, end - length, length);
    const at = block.lastIndexOf(newline);
    if (at !== -1) return end - length + at + 1;
    end -= length;
    length = Math.min(blockBytes, end);
  }
  return 0;
}

/** Fewer than `length` bytes where the file ends before. */
export async function bytesAt(fd: number, position: number, length: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await readAt(fd, block, filled, length - filled, position + filled);
    if (bytesRead === 0) return block.subarray(0, filled);
    filled += bytesRead;
  }
  return block;
}
