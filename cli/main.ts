#!/usr/bin/env node
import { runCommandLine } from './command-line.ts';

// `audit-sidecar status | head` ends the reader first. Nobody is left to be told, so that is the end and no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2));
