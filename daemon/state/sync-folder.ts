import { open } from 'node:fs/promises';
import { systemErrorCode } from '../system-error.ts';

/** Makes the names in a folder durable: those of files that were made, renamed or removed there. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network and FUSE file systems have no fsync for directories; there is nothing better to call.
    if (systemErrorCode(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}
