import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projectRoot } from '../support/project-root.ts';
import { bugs } from './bugs.ts';
import { runSeed, runSeeds } from './run.ts';

const program = fileURLToPath(new URL('./main.js', import.meta.url));
const run = promisify(execFile);

/** Runs the command; it ends with 1 when a seed fails. */
async function simulate(...options: readonly string[]): Promise<{ code: number; stdout: string }> {
  try {
    const { stdout } = await run(process.execPath, [program, ...options], { maxBuffer: 64 * 1024 * 1024 });
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout: stdout + stderr };
  }
}

const baseSeed = Math.floor(Math.random() * 2 ** 31);

// In a process of its own: the test runner follows every promise, which takes twice the time.
test('10,000 random runs break no promise', async (t) => {
  t.diagnostic(`seeds from ${baseSeed}`);
  const { code, stdout } = await simulate('--seed', `${baseSeed}`, '--runs', '10000');
  assert.equal(code, 0, stdout);
  const [last] = stdout.trimEnd().split('\n').slice(-1);
  assert.match(`${last}`, /^No promise broken in 10000 runs /);
  t.diagnostic(`${last}`);
});

// The same seeds each time: a bug that one run in three hundred shows would now and then hide in a thousand others.
for (const [name, bug] of Object.entries(bugs)) {
  test(`the bug ${name} is found within 1,000 runs by the promise "${bug.breaks}"`, async (t) => {
    for (let run = 1; run <= 1_000; run++) {
      const { seed, violation } = await runSeed(run, bug);
      if (violation?.promise !== bug.breaks) continue;
      t.diagnostic(`found in run ${run}`);
      const again = await runSeed(seed, bug);
      assert.deepEqual(again.violation, violation, 'the same seed fails in the same way');
      return;
    }
    assert.fail(`not found from seed 1 on`);
  });
}

test('each promise that can be reported has three bugs that break it', () => {
  const folder = path.join(projectRoot, 'test/simulation');
  const promises = new Set(
    readdirSync(folder).flatMap((file) =>
      [...readFileSync(path.join(folder, file), 'utf8').matchAll(/\.violated\(\s*'([^']+)'/g)].map(
        ([, promise]) => promise!,
      ),
    ),
  );
  assert.ok(promises.size > 10, [...promises].join(', '));
  for (const promise of promises) {
    const planted = Object.values(bugs).filter((bug) => bug.breaks === promise);
    assert.ok(planted.length >= 3, `"${promise}" has ${planted.length}`);
  }
});

test('a seed does the same again, word for word, whatever ran before it', async () => {
  // A run without devices or clients says little: take the first that has something to repeat.
  let seed = baseSeed;
  let first = await runSeed(seed, undefined, true);
  while (first.trace.length <= 10) first = await runSeed(++seed, undefined, true);
  await runSeeds(seed + 1, 5);
  const second = await runSeed(seed, undefined, true);
  assert.deepEqual(second.trace, first.trace);
  assert.equal(second.hash, first.hash);
});

test('another process does the same with the same seeds', async () => {
  const { hash } = await runSeeds(baseSeed, 20);
  const { stdout } = await simulate('--seed', `${baseSeed}`, '--runs', '20');
  assert.match(stdout, new RegExp(`hash ${hash.toString(16).padStart(8, '0')},`));
});

test('the command ends with 1 at a failing seed, tells the run and how to see it again', async () => {
  const { failed } = await runSeeds(baseSeed, 1_000, bugs['reply-before-recorded']);
  const command = ['--seed', `${failed!.seed}`, '--bug', 'reply-before-recorded'];
  const { code, stdout } = await simulate(...command);
  assert.equal(code, 1);
  assert.match(stdout, /oracle true replies/);
  assert.ok(stdout.includes(`npm run simulate -- ${command.join(' ')}`));
});
