import { parseArgs } from 'node:util';
import { live } from './life.ts';

const help = `Runs the client through random lives of a sidecar that stops, stalls, dies and comes back, on virtual time.

  npm run simulate:client -- [--runs N] [--seed N]

Example, to see one life again: npm run simulate:client -- --seed 1577796205 --runs 1
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
if (values.help) {
  process.stdout.write(help);
} else {
  const first = Number(values.seed);
  const runs = Number(values.runs);
  let ok = 0;
  for (let run = 0; run < runs; run++) {
    try {
      ok += await live(first + run);
    } catch (error) {
      process.stdout.write(`Seed ${first + run}: ${(error as Error).message}\n`);
      process.exit(1);
    }
    if ((run + 1) % 1000 === 0) process.stdout.write(`${run + 1} runs\n`);
  }
  process.stdout.write(`No promise broken in ${runs} runs from seed ${first}; ${ok} records called kept\n`);
}
