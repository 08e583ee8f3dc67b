import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Memory that was thrown away, or is held, that is too much to wait for the engine's own collection. */
const mostBytes = 64 * 1024 * 1024;

/** Time for the lines of a large record to be written, so that their memory goes back together with the kernel's. */
const shortestPauseMs = 1000;

/** So much that was thrown away waits for the shortest pause only, whatever is held beside it. */
const worthBytes = 16 * 1024 * 1024;

/** As long as devices keep large lines waiting, memory is given back at ever longer pauses: each time costs some milliseconds. */
const longestPauseMs = 60_000;

let collect: (() => void) | undefined;
let bytes = 0;
let pauseMs = shortestPauseMs;
/** The pause at whose end memory is given back. */
let pause: { readonly timer: NodeJS.Timeout; readonly ms: number } | null = null;

/**
 * Gives memory that was thrown away, such as a kernel's, back to the system. The engine alone does that at its next collection,
 * which in a quiet daemon may be hours away: one large record would leave the process large.
 */
export function discardMemory(memoryBytes: number): void {
  bytes += memoryBytes;
  if (bytes >= mostBytes) giveBackMemory();
  else giveBackWithin(bytes >= worthBytes ? shortestPauseMs : pauseMs);
}

/** Gives what nobody uses any more back to the system: at once, and again while much is still in use. */
export function giveBackMemory(): void {
  bytes = 0;
  collect ??= exposedCollector();
  collect();
  const stillMuch = process.memoryUsage().arrayBuffers >= mostBytes;
  pauseMs = stillMuch ? Math.min(2 * pauseMs, longestPauseMs) : shortestPauseMs;
  if (stillMuch) giveBackWithin(pauseMs);
}

function giveBackWithin(ms: number): void {
  if (pause !== null && pause.ms <= ms) return;
  clearTimeout(pause?.timer);
  const timer = setTimeout(() => {
    pause = null;
    giveBackMemory();
  }, ms);
  timer.unref();
  pause = { timer, ms };
}

function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const exposed: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return exposed as () => void;
}
