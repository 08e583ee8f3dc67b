import { parseArgs } from 'node:util';
import { bugs } from './bugs.ts';
import { failureText, runSeed, runSeeds } from './run.ts';
import { noSabotage } from './sabotage.ts';

/**
 * `npm run simulate -- [--seed N] [--runs K] [--bug NAME]` plays seeds N to N+K-1 and ends with 1 at the first that
 * fails. A single run is told in full when it fails.
 */
const { values } = parseArgs({
  options: { seed: { type: 'string' }, runs: { type: 'string', default: '1' }, bug: { type: 'string' } },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const runs = Number(values.runs);
const sabotage = values.bug === undefined ? noSabotage : bugs[values.bug];
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(runs) || runs < 1 || sabotage === undefined) {
  process.stderr.write(
    `Cannot simulate: wanted --seed and --runs as whole numbers, --bug as one of ${Object.keys(bugs).join(', ')}\n`,
  );
  process.exit(2);
}

const began = performance.now();
const series = await runSeeds(seed, runs, sabotage, (done) => {
  if (done % 1_000 === 0) process.stdout.write(`${done} runs\n`);
});
const perSecond = Math.round((series.runs * 1_000) / (performance.now() - began));
if (series.failed === null) {
  const hash = series.hash.toString(16).padStart(8, '0');
  process.stdout.write(
    `No promise broken in ${runs} runs from seed ${seed} with ${series.records} records, hash ${hash}, ${perSecond} runs/s\n`,
  );
} else {
  if (runs === 1) {
    const { trace } = await runSeed(seed, sabotage, true);
    process.stdout.write(`${trace.join('\n')}\n`);
  }
  process.stdout.write(`${failureText(series.failed, values.bug)}\n`);
  process.exitCode = 1;
}
