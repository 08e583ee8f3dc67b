import assert from 'node:assert/strict';
import { test } from 'node:test';
import { live } from './life.ts';

/** `npm run simulate:client -- --runs 10000` runs more. */
const runs = 600;

test(`${runs} lives of a sidecar that stops, stalls, dies and comes back break no promise of the client`, async (t) => {
  const first = Math.floor(Math.random() * 2 ** 31);
  t.diagnostic(`seeds from ${first}`);
  let ok = 0;
  for (let seed = first; seed < first + runs; seed++) {
    try {
      ok += await live(seed);
    } catch (error) {
      throw new Error(`Seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  t.diagnostic(`${ok} records called kept`);
  assert.ok(ok > runs, 'most lives have some');
});
