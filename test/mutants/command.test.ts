import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { checksFor } from './check.ts';
import { CompiledFile } from './compiled-file.ts';
import { isWanted, readOptions } from './options.ts';
import { Score, survivorText } from './score.ts';

const program = fileURLToPath(new URL('./main.js', import.meta.url));
const build = fileURLToPath(new URL('../..', import.meta.url));

test('help shows an example, and what cannot be understood is refused', () => {
  const { stdout, status } = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stdout, /^Example: npm run mutants -- /m);
  const refused = spawnSync(process.execPath, [program, '--sample', 'few'], { encoding: 'utf8' });
  assert.equal(refused.status, 2);
  assert.equal(refused.stderr, 'Cannot plant faults: --sample is "few", wanted a whole number\n');
});

test('words choose sources; without any it is the rooms that records go through', () => {
  const wanted = (args: readonly string[], file: string): boolean => isWanted(readOptions(args)!, file);
  assert.ok(wanted([], 'daemon/delivery/lane.ts'));
  assert.ok(wanted([], 'devices/file/append.ts'));
  assert.ok(!wanted([], 'cli/send.ts'));
  assert.ok(wanted(['cli/', 'lane'], 'daemon/delivery/lane.ts'));
  assert.ok(!wanted(['cli/'], 'daemon/delivery/lane.ts'));
  assert.ok(wanted(['--only', 'daemon/delivery/lane.ts'], 'daemon/delivery/lane.ts'));
  assert.ok(!wanted(['--only', 'daemon/delivery/lane.ts'], 'daemon/delivery/lane-queue.ts'));
});

test('the tests that bear the name of a source come first, then the quickest of its room', () => {
  const name = (file: string): string => `daemon/delivery/${file}.test.js`;
  const times = new Map([
    ['simulator', 30],
    [name('backoff'), 10],
    [name('broker'), 20],
    [name('lane'), 900],
  ]);
  const checks = checksFor(build, 'daemon/delivery/lane.ts', times).map((check) => check.name);
  const timed = checks.filter((check) => times.has(check));
  assert.deepEqual(timed, [name('lane'), name('backoff'), name('broker'), 'simulator']);
  assert.ok(checks.includes(name('watchdog')));
  assert.ok(!checks.some((check) => check.startsWith('daemon/state')));
});

test('a room whose tests lie elsewhere, and a room that no simulator runs', () => {
  const checks = checksFor(build, 'devices/file/output-stream.ts', new Map()).map((check) => check.name);
  assert.ok(checks.includes('devices/file.test.js'));
  assert.ok(checks.includes('devices/stdout.test.js'));
  assert.ok(!checks.includes('simulator'));
});

test('a fault is told with its line in the source', (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(path.join(folder, 'daemon'));
  writeFileSync(path.join(folder, 'daemon/one.js'), 'let a = 1;\nlet b = a > 2;\n');
  // The first line comes from line 1 of the source, the second from line 3.
  const map = { version: 3, file: 'one.js', sources: ['one.ts'], names: [], mappings: 'AAAA;AAEA' };
  writeFileSync(path.join(folder, 'daemon/one.js.map'), JSON.stringify(map));
  assert.deepEqual(new CompiledFile(folder, 'daemon/one.ts').mutants().map(survivorText), [
    'daemon/one.ts:1  1 -> 2',
    'daemon/one.ts:3  > -> >=',
    'daemon/one.ts:3  > -> <=',
    'daemon/one.ts:3  2 -> 3',
  ]);
});

test('the score counts by folder, and a fault that hangs is killed', () => {
  const score = new Score();
  const mutant = (file: string) => ({
    file,
    line: 1,
    mutation: { start: 0, end: 0, replacement: '', change: '' },
  });
  score.add(mutant('devices/file/append.ts'), 'passed');
  for (const result of ['failed', 'hung', 'passed'] as const) {
    score.add(mutant('daemon/state/salts.ts'), result);
  }
  assert.deepEqual(score.lines(), [
    'daemon/state  66.7 % of 3 mutants killed (1 by hanging), 1 survived',
    'devices/file  0.0 % of 1 mutants killed (0 by hanging), 1 survived',
  ]);
});
