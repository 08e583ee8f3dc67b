import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { type CheckResult, runCheck } from './check-run.ts';

const longMs = 600_000;

/** Runs a program as a check. */
function check(
  t: TestContext,
  program: string,
  { limitMs = longMs, signal = new AbortController().signal } = {},
): { readonly folder: string; readonly result: Promise<CheckResult> } {
  const folder = temporaryDirectory(t);
  writeFileSync(path.join(folder, 'check.mjs'), program);
  const place = { build: folder, temporary: folder };
  return { folder, result: runCheck({ name: 'check', args: ['check.mjs'] }, place, limitMs, signal) };
}

test('a check that ends well passes, with its temporary files in the place given', async (t) => {
  const { folder, result } = check(
    t,
    "import { writeFileSync } from 'node:fs'; import os from 'node:os'; writeFileSync(os.tmpdir() + '/made', '');",
  );
  assert.equal(await result, 'passed');
  assert.ok(existsSync(path.join(folder, 'made')));
});

test('a check that ends with an error fails', async (t) => {
  assert.equal(await check(t, 'process.exit(1)').result, 'failed');
  assert.equal(await check(t, "process.kill(process.pid, 'SIGKILL')").result, 'failed');
});

test('a check is ended at its first failing test', async (t) => {
  const { result } = check(t, "console.log('ok 1 - a\\nnot ok 2 - b'); setInterval(() => {}, 1_000);");
  assert.equal(await result, 'failed');
});

test('a check that does not end in its time hung', async (t) => {
  assert.equal(await check(t, 'setInterval(() => {}, 1_000)', { limitMs: 1 }).result, 'hung');
});

test('a check that is given up takes what it started with it', async (t) => {
  const stop = new AbortController();
  const { folder, result } = check(
    t,
    `import { spawn } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     const child = spawn('sleep', ['600'], { stdio: 'ignore' });
     writeFileSync('pid.new', String(child.pid));
     (await import('node:fs')).renameSync('pid.new', 'pid');`,
    { signal: stop.signal },
  );
  await waitFor('the check has started', () => existsSync(path.join(folder, 'pid')));
  stop.abort();
  assert.equal(await result, 'given up');
  const pid = Number(readFileSync(path.join(folder, 'pid'), 'utf8'));
  await waitFor('the program it started is gone', () => !isRunning(pid));
});

/** A process that ended and was not waited for by its new parent is still listed, as a zombie. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
