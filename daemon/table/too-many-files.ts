import type { Log } from '../log/log.ts';
import type { DeviceChange } from './device-change.ts';
import { DevicesRefused } from './devices-refused.ts';
import { mostFiles, mostFilesEver, ownThreads } from './file-threads.ts';
import type { OpeningRule } from './opening-rule.ts';

/**
 * Throws `DevicesRefused` when, with the change, devices would have more files than there are threads for. Those that were
 * left behind on a disk that hangs count until they are closed. Where the rule bears it, it is an error in the log.
 */
export function refuseTooManyFiles(
  { scope, hold }: DeviceChange,
  rule: OpeningRule,
  { threads, log }: { readonly threads: number; readonly log: Log },
): void {
  const files = hold.files();
  if (files <= mostFiles(threads)) return;
  const action =
    scope.kind === 'one'
      ? `Cannot enable device "${scope.device.config.path}"`
      : 'Cannot keep each file from waiting for another';
  const error = `${action}: ${tooMany(files, threads)}`;
  if (!rule.bearsManyFiles) throw new DevicesRefused(error);
  log.error('more files than threads', { error });
}

/** How many there are, how many there may be, and what changes that. */
function tooMany(files: number, threads: number): string {
  const there = `devices would have ${files} files, and ${threads} threads suffice for ${mostFiles(threads)}`;
  if (files > mostFilesEver) return `${there}; no process can have more than ${mostFilesEver}`;
  return `${there}: restart the daemon with UV_THREADPOOL_SIZE=${2 * (files + ownThreads)} in its environment`;
}
