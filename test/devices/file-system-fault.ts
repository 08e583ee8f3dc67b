import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';

/** What no real disk does when it is asked to: `fdatasync` fails as often as `errors` says, in this order. */
export function failingSyncs(test: TestContext, ...errors: (string | null)[]): { readonly calls: number } {
  const real = fs.fdatasync;
  const seen = { calls: 0 };
  const fake = (fd: number, callback: (error: NodeJS.ErrnoException | null) => void): void => {
    const code = errors[seen.calls++] ?? null;
    if (code === null) real(fd, callback);
    else setImmediate(callback, Object.assign(new Error(code), { code }));
  };
  replace(fake as typeof real);
  test.after(() => replace(real));
  return seen;
}

function replace(fdatasync: typeof fs.fdatasync): void {
  fs.fdatasync = fdatasync;
  // The modules that import the name get it too.
  syncBuiltinESMExports();
}
