import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `condition` holds, looking every few milliseconds. The bound is there to end a broken test with a
 * readable message; it is generous because no test may pass or fail by the speed of the machine.
 */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  boundMs = 60_000,
): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${boundMs} ms in vain until ${what}`);
    await delay(5);
  }
}
