import type { Clock } from '../clock.ts';

/** Resolves when `done` does, or after `ms`, whichever is first. `done` must not reject. */
export async function within(clock: Clock, ms: number, done: Promise<unknown>): Promise<void> {
  let cancel = (): void => {};
  const bound = new Promise<void>((resolve) => {
    cancel = clock.setTimer(ms, resolve);
  });
  await Promise.race([done, bound]);
  cancel();
}
