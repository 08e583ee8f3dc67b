import { constants } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../failure-reasons.ts';

/**
 * What the operating system would say to whoever makes `folder`, and what is missing above it, and a file there: its error,
 * or `null`. Nothing is made.
 */
export async function folderFault(folder: string): Promise<unknown> {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      // The dot makes the system say so when it is not a folder.
      await stat(`${at}/.`);
      await access(at, constants.W_OK | constants.X_OK);
      return null;
    } catch (error) {
      const isMissing = codeOf(error) === 'ENOENT' && at !== path.dirname(at) && !(await isEntry(at));
      if (!isMissing) return error;
    }
  }
}

/** A link that leads nowhere is one, too: no folder can be made in its place. */
async function isEntry(at: string): Promise<boolean> {
  return lstat(at).then(
    () => true,
    () => false,
  );
}
