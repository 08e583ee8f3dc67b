import { parseArgs } from 'node:util';
import { bugs, noSabotage } from './bugs.ts';
import { runSeed } from './run.ts';

/**
 * `npm run simulate -- --seed N --runs K [--bug NAME]`: seeds N to N+K-1. One run is printed in full when it fails.
 * Ends with 1 at the first failing seed.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '1' },
    bug: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
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
let records = 0;
let hash = 0;
for (let done = 0; done < runs; done++) {
  const result = await runSeed(seed + done, sabotage);
  records += result.records;
  hash = (Math.imul(hash, 31) + result.hash) >>> 0;
  if (result.violation !== null) {
    const { promise, detail, at } = result.violation;
    if (runs === 1) {
      const { trace } = await runSeed(seed, sabotage, true);
      process.stdout.write(`${trace.join('\n')}\n`);
    }
    const bug = values.bug === undefined ? '' : ` --bug ${values.bug}`;
    process.stdout.write(
      `Seed ${seed + done} fails after ${done} runs: ${promise}, at ${at.toFixed(3)} ms: ${detail}\n` +
        `See it again: npm run simulate -- --seed ${seed + done} --runs 1${bug}\n`,
    );
    process.exit(1);
  }
  if ((done + 1) % 1_000 === 0) process.stdout.write(`${done + 1} runs\n`);
}
if (values.trace && runs === 1) {
  const { trace } = await runSeed(seed, sabotage, true);
  process.stdout.write(`${trace.join('\n')}\n`);
}
const seconds = (performance.now() - began) / 1000;
process.stdout.write(
  `${runs} runs from seed ${seed} with ${records} records: no promise broken; hash ${hash.toString(16)}; ` +
    `${Math.round(runs / seconds)} runs/s\n`,
);
