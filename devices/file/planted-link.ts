import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { DeviceFailure } from '../device.ts';

/** Who but the owner may write: the group, and all others. */
const othersMayWrite = 0o022;

/**
 * Rejects with a `DeviceFailure` when a symbolic link lies where a log was, in a folder that others can write: it may be
 * theirs, and lead the records into a file of their choice. Who wants it followed asks for a reload.
 */
export async function refusePlantedLink(at: string): Promise<void> {
  const entry = await lstat(at).catch(() => null);
  if (entry === null || !entry.isSymbolicLink()) return;
  const folder = await stat(path.dirname(at));
  const isOurs = folder.uid === process.geteuid!() || folder.uid === 0;
  if (isOurs && (folder.mode & othersMayWrite) === 0) return;
  const what = 'a symbolic link has taken its place, in a folder that others can write: reload to follow it';
  throw new DeviceFailure('permission', `Cannot follow audit file "${at}": ${what}`);
}
