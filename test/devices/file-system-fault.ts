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

/**
 * The next write stands still with half of its bytes in the file, as on a disk that hangs, until `goOn`; then it goes
 * on, or fails with `error`.
 */
export function halfWrite(
  test: TestContext,
  error: string | null = null,
): { goOn(): void; readonly standing: boolean } {
  const real = fs.write;
  let goOn: (() => void) | null = null;
  const fake = (
    fd: number,
    bytes: Buffer,
    offset: number,
    length: number,
    position: null,
    callback: (error: NodeJS.ErrnoException | null, written: number) => void,
  ): void => {
    restore();
    real(fd, bytes, offset, length >> 1, position, (_, written) => {
      const failure = error === null ? null : Object.assign(new Error(error), { code: error });
      goOn = () => callback(failure, written);
    });
  };
  const restore = (): void => {
    fs.write = real;
    syncBuiltinESMExports();
  };
  fs.write = fake as unknown as typeof fs.write;
  syncBuiltinESMExports();
  test.after(restore);
  return {
    goOn: () => goOn?.(),
    get standing() {
      return goOn !== null;
    },
  };
}

function replace(fdatasync: typeof fs.fdatasync): void {
  fs.fdatasync = fdatasync;
  // The modules that import the name get it too.
  syncBuiltinESMExports();
}
