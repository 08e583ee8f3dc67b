// Started by start.cts, or itself on a Node whose loader leaves the threads for files alone.
import './thread-pool.cts';
import { closeDebugger, ignoreStraySignals } from '../daemon/service/stray-signals.ts';
import { exitCodes } from './exit-codes.ts';
import { nodeFault } from './node-version.ts';

// A Node that is too old can read this file and the ones above, and no others: they are loaded once it is known.
const fault = nodeFault(process.versions.node);
if (fault === null) {
  void main(process.argv.slice(2));
} else {
  process.stderr.write(`audit-sidecar: ${fault}\n`);
  process.exitCode = exitCodes.usage;
}

async function main(words: readonly string[]): Promise<void> {
  // Loading takes a fifth of a second, and a signal may come before its end.
  const daemon = words.includes('run');
  const straySignals = ignoreStraySignals(daemon);
  // The daemon does it itself, once it can say so in its log.
  if (!daemon) await closeDebugger();
  // `audit-sidecar status | head` ends the reader first. Nobody is left to be told, so that is the end and no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  // A command that is never done has failed, too: Node ends when nothing is left to wait for.
  process.exitCode = exitCodes.failed;
  const { runCommandLine } = await import('./command-line.ts');
  process.exitCode = await runCommandLine(words, straySignals);
}
