import { fstat, ftruncate, read } from 'node:fs';
import { promisify } from 'node:util';
import type { LineOptions } from '../../format/line-options.ts';
import { append } from './append.ts';

const readAt = promisify(read);
const statOf = promisify(fstat);
const truncate = promisify(ftruncate);

const newline = 0x0a;
const blockBytes = 64 * 1024;

/**
 * Leaves the file empty or ending in a newline, so that the next line cannot be glued to half a line that a full
 * disk or a kill left behind. The half line is cut off; where that is not possible (append-only files) or it does
 * not begin as a line of this device does, and so may be somebody's data, it is ended with a newline instead.
 * Rejects with the operating system's error.
 */
export async function mendTail(fd: number, lineOpening: Buffer): Promise<void> {
  const { size } = await statOf(fd);
  const end = await endOfLastLine(fd, size);
  if (end === size) return;
  const opening = await bytesAt(fd, end, lineOpening.length);
  if (opening.equals(lineOpening.subarray(0, opening.length))) {
    try {
      await truncate(fd, end);
      return;
    } catch {
      // Append-only: the newline below is what is left to do.
    }
  }
  await endLine(fd);
}

/** Appends a newline: for a file that cannot be read to find out whether its last line is whole. */
export async function endLine(fd: number): Promise<void> {
  const { error } = await append(fd, Buffer.from('\n'));
  if (error !== null) throw error;
}

/** The bytes every line of a device begins with. */
export function lineOpening(options: LineOptions): Buffer {
  return Buffer.from(options.prefix + (options.format === 'jsonx' ? '<' : '{'));
}

/** The offset behind the last newline before `size`; 0 when there is none. */
async function endOfLastLine(fd: number, size: number): Promise<number> {
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
async function bytesAt(fd: number, position: number, length: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await readAt(fd, block, filled, length - filled, position + filled);
    if (bytesRead === 0) return block.subarray(0, filled);
    filled += bytesRead;
  }
  return block;
}
