import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../simulation/random.ts';
import { projectRoot } from '../support/project-root.ts';
import { type CleanTimes, checksFor } from './check.ts';
import { CompiledFile, type Mutant } from './compiled-file.ts';
import { help, isWanted, type Options, readOptions } from './options.ts';
import { Score, survivorText } from './score.ts';
import { Workshop } from './workshop.ts';

/** Two at a time: the checks start daemons of their own, and more of them only make each other slow. */
const workers = 2;

const options = (() => {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
})();
if (options === null) {
  process.stdout.write(help);
  process.exit(0);
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());

// Beside `dist`, so that whatever a source looks for from where it lies is found.
const build = path.join(projectRoot, '.dist-mutants');
const shops: Workshop[] = [];
try {
  const tsc = path.join(projectRoot, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['--sourceMap', '--outDir', build], { cwd: projectRoot, stdio: 'inherit' });
  cpSync(path.join(projectRoot, 'dist/kernel'), path.join(build, 'kernel'), { recursive: true });
  for (let worker = 1; worker <= workers; worker++) {
    shops.push(new Workshop(build, `${build}-${worker}`, stop.signal));
  }
  process.exitCode = await plant(drawn(mutantsOf(options), options));
} finally {
  for (const shop of shops) shop.remove();
  rmSync(build, { recursive: true, force: true });
}

function mutantsOf(wanted: Options): Mutant[] {
  return ['format', 'config', 'devices', 'daemon', 'cli', 'client']
    .filter((room) => readdirSync(projectRoot).includes(room))
    .flatMap((room) =>
      readdirSync(path.join(projectRoot, room), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.join(room, file),
      ),
    )
    .filter((file) => file.endsWith('.ts') && isWanted(wanted, file))
    .sort()
    .flatMap((file) => new CompiledFile(build, file).mutants());
}

function drawn(mutants: readonly Mutant[], { sample, seed }: Options): Mutant[] {
  const left = [...mutants];
  if (sample === null || sample >= left.length) return left;
  process.stdout.write(`${sample} of ${left.length} faults, with --seed ${seed}\n`);
  const random = new Random(seed);
  return Array.from({ length: sample }, () => left.splice(random.below(left.length), 1)[0]!);
}

/** Plants one after the other; the exit code. */
async function plant(mutants: readonly Mutant[]): Promise<number> {
  const times: CleanTimes = new Map();
  const files = [...new Set(mutants.map(({ file }) => file))];
  for (const check of files.flatMap((file) => checksFor(build, file, times))) {
    if (times.has(check.name)) continue;
    const result = await shops[0]!.runClean(check, times);
    if (result === 'passed') continue;
    process.stderr.write(`Cannot plant faults: ${check.name} ${result} without one\n`);
    return 1;
  }
  const score = new Score();
  const waiting = mutants.values();
  let done = 0;
  await Promise.all(
    shops.map(async (shop) => {
      for (const mutant of waiting) {
        const result = await shop.kills(mutant, times);
        if (result === 'given up') return;
        done++;
        score.add(mutant, result);
        showProgress(`${done} of ${mutants.length}  ${mutant.file}`);
        if (result === 'passed') process.stdout.write(`${clearLine()}${survivorText(mutant)}\n`);
      }
    }),
  );
  process.stdout.write(`${clearLine()}\n${score.lines().join('\n')}\n`);
  return done === mutants.length ? 0 : 1;
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${clearLine()}${text}`);
}

function clearLine(): string {
  return process.stderr.isTTY ? '\r\u001b[K' : '';
}
