import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Memory of thrown-away kernels that may pile up before it is given back at once. */
const mostBytes = 64 * 1024 * 1024;
/** Time for the lines of a large record to be written, so that their memory goes back together with the kernel's. */
const pauseMs = 1000;

let collect: (() => void) | undefined;
let bytes = 0;
/** Whether the pause is on, at whose end memory is given back. */
let waiting = false;

/**
 * Gives the memory of a thrown-away kernel back to the system. The engine alone does that at its next collection, which in a
 * quiet daemon may be hours away: one large record would leave the process large.
 */
export function discardKernel(memoryBytes: number): void {
  bytes += memoryBytes;
  if (!waiting) {
    waiting = true;
    setTimeout(() => {
      waiting = false;
      giveBack();
    }, pauseMs).unref();
  }
  if (bytes >= mostBytes) giveBack();
}

function giveBack(): void {
  bytes = 0;
  collect ??= exposedCollector();
  collect();
}

function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const exposed: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return exposed as () => void;
}
