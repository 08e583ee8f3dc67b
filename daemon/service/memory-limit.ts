import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/config.ts';

const mebibyte = 1024 * 1024;

/** The program with some dozen devices, what its collector has not collected yet, and the thread for records of 32 MiB. */
const ownBytes = 200 * mebibyte;

/** All known floods at once took 0.9 for each byte of `total_bytes`; the rest is for what the allocator may lose (docs/configuration.md). */
const perClientByte = 1.6;

/**
 * What to do when a process that may have `most` bytes is ended before it has what a configuration lets clients and devices
 * take; `null` when it is not. `queueBytes`: what may wait for all devices together, those of the API, too.
 */
export function memoryFault(
  { limits }: Pick<Config, 'limits'>,
  queueBytes: number,
  most: number | null,
): string | null {
  const wanted = Math.ceil((ownBytes + perClientByte * limits.totalBytes + queueBytes) / mebibyte);
  if (most === null || most >= wanted * mebibyte) return null;
  return (
    `Cannot have as much memory as the configuration lets clients and devices take: the control group may have ${Math.floor(most / mebibyte)} MiB, ` +
    `wanted ${wanted} (limits.total_bytes is ${shown(limits.totalBytes)}, queue_bytes of all devices ${shown(queueBytes)}): ` +
    `set MemoryMax=${wanted}M in the unit, or lower limits.total_bytes or the queue_bytes of devices`
  );
}

function shown(bytes: number): string {
  return `${Math.ceil(bytes / mebibyte)} MiB`;
}

/** What this process may have, in bytes; `null`: as much as there is. */
export function ownMemoryLimit(): number | null {
  return memoryLimit('/proc/self/cgroup', '/sys/fs/cgroup');
}

/**
 * The least that a control group which this process is in may have, in bytes; `null` where there is no limit, or it cannot be
 * read. `self` lists them (cgroups(7)), `root` is where the system shows them: version 2, or the memory controller of version 1.
 */
export function memoryLimit(self: string, root: string): number | null {
  let least = Number.POSITIVE_INFINITY;
  for (const line of (textOf(self) ?? '').split('\n')) {
    const [, controllers, group] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (group === undefined) continue;
    if (controllers === '') least = Math.min(least, leastUpTo(root, group, 'memory.max'));
    else if (controllers!.split(',').includes('memory'))
      least = Math.min(least, leastUpTo(path.join(root, 'memory'), group, 'memory.limit_in_bytes'));
  }
  // Without a limit version 1 says the highest number there is.
  return least < Number.MAX_SAFE_INTEGER ? least : null;
}

/** A group above limits, too. In a container the path may be the host's, of which only the root is seen. */
function leastUpTo(root: string, group: string, file: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = path.join('/', group); ; at = path.dirname(at)) {
    const text = textOf(path.join(root, at, file))?.trim();
    if (text !== undefined && /^\d+$/.test(text)) least = Math.min(least, Number(text));
    if (at === '/') return least;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
