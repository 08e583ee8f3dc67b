import { openStateDirectory, StateRefused } from '../../../daemon/state/state-directory.ts';

// Opens the state directory in its first argument, says how that went, and stays until it is killed.
try {
  await openStateDirectory(process.argv[2]!);
  process.stdout.write('held\n');
} catch (error) {
  process.stdout.write(`${error instanceof StateRefused ? 'refused' : 'broken'} ${String(error)}\n`);
}
setInterval(() => {}, 60_000);
