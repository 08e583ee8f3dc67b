import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/project-root.ts';

/** What runs on the clock from outside, and so in the simulator. */
const pure = [
  ...readdirSync(path.join(projectRoot, 'daemon/delivery')).map((file) => `daemon/delivery/${file}`),
  ...['session', 'scan-turns', 'large-records'].map((file) => `daemon/ingest/${file}.ts`),
];

/** Names by which a program learns the time, waits, or draws by chance, other than from the clock it is given. */
const impure = [
  /\bDate\b/,
  /\bTemporal\b/,
  /\bperformance\b/,
  /\bset(Timeout|Interval|Immediate)\b/,
  /\bnextTick\b/,
  /\bAbortSignal\s*\.\s*timeout\b/,
  /\bhrtime\b/,
  /\buptime\b/,
  /\bMath\s*\.\s*random\b/,
  /\brandom(UUID|Bytes|Int|Fill|FillSync)\b/,
  /\bgetRandomValues\b/,
  /\bsystemClock\b/,
  /\bAtomics\b/,
  /\bscheduler\b/,
  /\b(globalThis|process)\b/,
  // Node's modules can do any of this; what is needed of one gets here from outside.
  /from\s+'node:/,
  /\bimport\s*\(/,
];

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
}

function impurities(source: string): string[] {
  const code = withoutComments(source);
  return impure.flatMap((pattern) => pattern.exec(code)?.[0] ?? []);
}

test('delivery and the session know no clock, timer or chance but those they are given', () => {
  assert.ok(pure.length > 10, 'the files are found');
  for (const file of pure) {
    assert.deepEqual(impurities(readFileSync(path.join(projectRoot, file), 'utf8')), [], file);
  }
});

test('each way around the clock is seen, and nothing in a comment is', () => {
  const ways = [
    'Date.now()',
    'new Date()',
    'performance.now()',
    'setTimeout(retry, 100)',
    'setInterval(look, 100)',
    'setImmediate(next)',
    'process.nextTick(next)',
    'process.hrtime.bigint()',
    'AbortSignal.timeout(100)',
    'Math.random()',
    'crypto.randomUUID()',
    'randomBytes(8)',
    'crypto.getRandomValues(bytes)',
    "import { setTimeout } from 'node:timers/promises';",
    "import { randomInt } from 'node:crypto';",
    "await import('../clock.ts')",
    "import { systemClock } from '../clock.ts';",
    'Atomics.wait(cells, 0, 0, 100)',
    'await scheduler.wait(100)',
  ];
  for (const way of ways) {
    assert.notDeepEqual(impurities(`const before = 1;\n${way}\n`), [], way);
    assert.deepEqual(impurities(`/** As ${way} does. */\n// ${way}\nclock.now();`), []);
  }
  assert.deepEqual(impurities('clock.setTimer(ms, done); clock.random(); update(); candidate;'), []);
});
