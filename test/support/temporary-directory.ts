import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

/** A new folder that is removed when the test ends. Short, because UNIX socket paths hold 107 bytes. */
export function temporaryDirectory(test: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'as-'));
  // Tried again, because a daemon may still write there: it is killed by the next hook, which a failure would skip.
  test.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  return directory;
}
