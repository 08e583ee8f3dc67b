import { realpathSync } from 'node:fs';
import { parseFileDestination } from '../../devices/file/destination.ts';
import type { DeclaredDevice } from './declared-devices.ts';

/**
 * The path of the device among `others` that writes to the same file as `device`; `null` when none does. Two devices
 * on one file would mix lines with different salts, and a remote caller's options would change the file's mode.
 */
export function ownerOfFile(device: DeclaredDevice, others: Iterable<DeclaredDevice>): string | null {
  const file = fileOf(device);
  if (file === null) return null;
  for (const other of others) if (fileOf(other) === file) return other.config.path;
  return null;
}

function fileOf({ config }: DeclaredDevice): string | null {
  if (config.type !== 'file') return null;
  const destination = parseFileDestination(config.options['file_path'] ?? config.options['path'] ?? '');
  if (destination?.kind !== 'file') return null;
  try {
    return realpathSync(destination.path);
  } catch {
    // Not there yet: nobody writes to it through another name either.
    return destination.path;
  }
}
