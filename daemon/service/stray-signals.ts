/**
 * Signals that mean nothing here and would end the process in silence. SIGUSR1 is worse: it opens Node's debugger on a
 * local port, where every user of the machine can run code in this process.
 *
 * Not among them: what a defect of the process itself raises (SIGSEGV, SIGABRT and their like), after which no listener
 * can be trusted; SIGPIPE and SIGXFSZ, which Node ignores; those that have no name in Node (SIGRTMIN and above).
 */
const endInSilence = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGXCPU',
] as const;

export type StraySignal = (typeof endInSilence)[number];

/** Signals that are ignored, from when this was made to the end of the process. */
export interface StraySignals {
  /** `hear` is told of each from now on, and of those that came before, once each. */
  tellOf(hear: (signal: StraySignal) => void): void;
}

/**
 * Made before the modules that take time are loaded, so this one imports nothing, and is written so that a Node that is
 * too old for the others can read it. `daemon`: whether this process becomes the daemon; any other command goes on
 * dying of what is sent to it, but opens no debugger either.
 */
export function ignoreStraySignals(daemon: boolean): StraySignals {
  const came = new Set<StraySignal>();
  let hear = (signal: StraySignal): void => {
    came.add(signal);
  };
  for (const signal of daemon ? endInSilence : (['SIGUSR1'] as const)) {
    // Node's own profiler measures by this signal.
    if (signal === 'SIGPROF' && nodeOptions().some((word) => /^--(cpu-)?prof\b/.test(word))) continue;
    process.on(signal, () => hear(signal));
  }
  // A reload before there is anything to reload: the configuration is yet to be read.
  if (daemon) process.on('SIGHUP', () => {});
  return {
    tellOf(next) {
      hear = next;
      for (const signal of came) next(signal);
      came.clear();
    },
  };
}

/**
 * Closes the debugger that a SIGUSR1 has opened before this process listened to it, in the first milliseconds of Node.
 * One that was asked for (`--inspect`) stays. Resolves with whether there was one.
 */
export async function closeDebugger(): Promise<boolean> {
  if (nodeOptions().some((word) => /^--inspect(-brk|-wait)?(=|$)/.test(word))) return false;
  // A Node may be built without it.
  const inspector = await import('node:inspector').catch(() => null);
  if (inspector === null) return false;
  // Node asks itself in two ways to open it, and the one that comes late opens it again (seen with Node 26): each turn
  // of the event loop brings what was asked for before.
  let closed = false;
  for (await turn(); inspector.url() !== undefined; await turn()) {
    inspector.close();
    closed = true;
  }
  return closed;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function nodeOptions(): readonly string[] {
  return process.execArgv.concat((process.env['NODE_OPTIONS'] || '').split(' '));
}
