import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { koffiMissing } from './koffi.ts';

/**
 * The words in front of a command in whose process no name lookup ever ends; `null` where that is not possible, and the
 * test is skipped. The system reads its file of hosts at each lookup, and the open of a FIFO waits for somebody who
 * writes to it. `folder` is the test's own.
 */
export function hungLookups(test: TestContext, folder: string): readonly string[] | null {
  if (koffiMissing) {
    test.skip(koffiMissing);
    return null;
  }
  const hosts = path.join(folder, 'hosts');
  const mounted = spawnSync(
    'unshare',
    ['-m', 'sh', '-c', 'mkfifo "$0" && mount --bind "$0" /etc/hosts', hosts],
    { stdio: 'ignore' },
  );
  if (mounted.status !== 0) {
    test.skip('needs root, and mount namespaces by unshare of the package util-linux');
    return null;
  }
  return ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];
}
