import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

// Does one thing to the state file "salts/x" in the directory given, and is killed before its nth file call.
const [folder, action, limit] = process.argv.slice(2) as [string, 'replace' | 'create' | 'destroy', string];

const { openStateDirectory } = await import('../../../daemon/state/state-directory.ts');
const state = await openStateDirectory(folder);

let calls = 0;
function countCalls(target: object, names: readonly string[]): void {
  const methods = target as Record<string, (...values: unknown[]) => unknown>;
  for (const name of names) {
    const original = methods[name]!;
    methods[name] = function (this: unknown, ...values: unknown[]) {
      if (++calls > Number(limit)) process.kill(process.pid, 'SIGKILL');
      return original.apply(this, values);
    };
  }
}
const handle = await promises.open(path.join(folder, 'salts'), 'r');
countCalls(Object.getPrototypeOf(handle), ['writeFile', 'write', 'sync', 'close']);
countCalls(promises, ['open', 'link', 'rename', 'unlink', 'mkdir']);
syncBuiltinESMExports();

const bytes = Buffer.from('new content');
if (action === 'replace') await state.writeAtomically('salts/x', bytes);
if (action === 'create') await state.createAtomically('salts/x', bytes);
if (action === 'destroy') await state.destroy('salts/x');
process.stdout.write(`done after ${calls}\n`);
process.exit(0);
