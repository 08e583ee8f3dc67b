import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';

/**
 * Where an absolute path leads when symbolic links are followed. Parts that do not exist yet keep their names, and so
 * does a link that leads nowhere.
 */
export async function leads(at: string): Promise<string> {
  for (let existing = at; ; existing = path.dirname(existing)) {
    try {
      return path.join(await realpath(existing), path.relative(existing, at));
    } catch (error) {
      if (existing === path.dirname(existing)) throw error;
    }
  }
}

/** As `leads`, for options, which are read without waiting. */
export function leadsSync(at: string): string {
  for (let existing = at; ; existing = path.dirname(existing)) {
    try {
      return path.join(realpathSync(existing), path.relative(existing, at));
    } catch (error) {
      if (existing === path.dirname(existing)) throw error;
    }
  }
}

/** Whether a path without links or dots lies below one of the folders, by its name. */
export function liesBelow(at: string, folders: readonly string[]): boolean {
  return folders.some((folder) => at.startsWith(folder.endsWith('/') ? folder : `${folder}/`));
}
