import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../failure-reasons.ts';

/**
 * Makes `folder` and what is missing above it, and resolves with what was made, the highest first.
 *
 * Not `mkdir` with `recursive`: that was seen to try for ever, with a thread at full load, where the system says
 * "no such file" of a folder whose parent is there, as below a dangling link and in /proc (Node 20.20).
 */
export async function makeFolders(folder: string, mode: number): Promise<string[]> {
  try {
    await mkdir(folder, { mode });
    return [folder];
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') {
      // The dot makes the system say so when it is not a folder.
      await stat(`${folder}/.`);
      return [];
    }
    const above = path.dirname(folder);
    if (code !== 'ENOENT' || above === folder) throw error;
    const made = await makeFolders(above, mode);
    if (made.length === 0) throw error;
    await mkdir(folder, { mode });
    return [...made, folder];
  }
}
