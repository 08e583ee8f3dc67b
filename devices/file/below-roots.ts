import path from 'node:path';
import { DeviceFailure } from '../device.ts';
import { codeOf } from '../failure-reasons.ts';
import { type GuardedFolder, openGuardedFolder, type WhenMissing } from './guarded-folder.ts';
import { leads, liesBelow } from './leads.ts';

/** Where a file of a device that was enabled through the API has to lie. */
export interface RootedFile {
  /** An absolute path. */
  readonly path: string;
  /** Real paths of folders. */
  readonly roots: readonly string[];
}

/**
 * Runs `use` with what leads to the file where the path leads to now, if that lies below a root. Between finding out
 * where that is and opening it anything may be swapped, so the way there follows no link; `use` must not follow one
 * either (`O_NOFOLLOW`). `whenMissing` is said of the folders above. Rejects with a `DeviceFailure` that begins with
 * `action` where the path leads elsewhere, and otherwise with what `use` or the operating system rejects with.
 */
export async function belowRoots<Result>(
  file: RootedFile,
  whenMissing: WhenMissing,
  action: string,
  use: (entry: string) => Promise<Result>,
): Promise<Result> {
  const target = await leads(file.path);
  if (!liesBelow(target, file.roots)) throw outside(action);
  let folder: GuardedFolder | null = null;
  try {
    folder = await openGuardedFolder(path.dirname(target), whenMissing);
    return await use(folder.entry(path.basename(target)));
  } catch (error) {
    // A link or a file has taken the place of a folder since, or a link that of the file.
    if (codeOf(error) === 'ELOOP' || codeOf(error) === 'ENOTDIR') throw outside(action);
    throw error;
  } finally {
    await folder?.close();
  }
}

function outside(action: string): DeviceFailure {
  const what =
    'it leads to no file below a folder of admin.file_roots, or through a link that is refused there';
  return new DeviceFailure('permission', `${action}: ${what}`);
}
