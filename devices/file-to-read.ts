import path from 'node:path';
import {
  readSmallFile,
  readSmallFileNotLink,
  type SmallFile,
  SmallFileRefused,
  type SmallFileRules,
} from '../config/small-file.ts';
import { DeviceFailure } from './device.ts';
import { failureOf } from './failure-reasons.ts';
import { belowRoots } from './file/below-roots.ts';

/** A file that a device reads, such as a certificate: the value of an option that `readsFile`. */
export interface FileToRead {
  /** As the operator wrote it. */
  readonly path: string;
  /**
   * Real paths of the folders below which it has to lie each time it is read; `null`: anywhere. A symbolic link that
   * leads out of them is not followed, not even one that is put there later.
   */
  readonly roots: readonly string[] | null;
}

/** Far above any certificate, key or password. */
const rules: SmallFileRules = { maxBytes: 1024 * 1024, secret: false };

/** The text of such a file. Rejects with a permanent `DeviceFailure` that begins with `action`. */
export async function readFileToRead(file: FileToRead, action: string): Promise<string> {
  try {
    const { bytes } = await readGuarded(file, action);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof SmallFileRefused) {
      throw new DeviceFailure('unsuitable', `${action}: ${error.message}`, { permanent: true });
    }
    const { reason, message } = failureOf(action, error);
    throw new DeviceFailure(reason, message, { permanent: true });
  }
}

function readGuarded({ path: file, roots }: FileToRead, action: string): Promise<SmallFile> {
  if (roots === null) return readSmallFile(file, rules);
  return belowRoots({ path: path.resolve(file), roots }, 'refuse', action, (entry) =>
    readSmallFileNotLink(entry, rules),
  );
}
