import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { DeviceFailure } from './device.ts';
import { failureOf } from './failure-reasons.ts';

/** Far above any certificate, key or password. The bound is there for a path that leads to something else. */
const maxBytes = 1024 * 1024;

/**
 * The text of a file that a device needs beside its destination, such as a certificate. Rejects with a permanent
 * `DeviceFailure` that begins with `action`.
 */
export async function readSmallFile(file: string, action: string): Promise<string> {
  const refused = (detail: string): DeviceFailure =>
    new DeviceFailure('unsuitable', `${action}: ${detail}`, { permanent: true });
  try {
    // O_NONBLOCK: opening a FIFO that nobody writes would hold one of the few threads that serve all files.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw refused('it is not a regular file');
      if (found.size > maxBytes) throw refused('it is larger than 1 MiB');
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw failureOf(action, error, { permanent: true });
  }
}
