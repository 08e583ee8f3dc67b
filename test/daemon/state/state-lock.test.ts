import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import {
  openStateDirectory,
  type StateDirectory,
  StateRefused,
} from '../../../daemon/state/state-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const script = path.join(import.meta.dirname, 'state-holder.js');

/** Another process that tries to open `folder`, and the line it said about it. */
async function starter(t: TestContext, folder: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [said] = await once(createInterface(child.stdout!), 'line');
  return { child, said: String(said) };
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

test('a second daemon on the same state directory is refused and told whose it is', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  const first = await starter(t, folder);
  assert.equal(first.said, 'held');
  await assert.rejects(openStateDirectory(folder), (error: unknown) => {
    assert.ok(error instanceof StateRefused);
    assert.match(
      error.message,
      new RegExp(`^Cannot use state directory "${folder}": .*process ${first.child.pid};`),
    );
    return true;
  });
});

test('a state directory is free again after its daemon was killed', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  for (let round = 0; round < 3; round++) {
    const { child, said } = await starter(t, folder);
    assert.equal(said, 'held');
    await killed(child);
  }
  const state = await openStateDirectory(folder);
  assert.equal(readdirSync(path.join(folder, 'lock')).length, 1, 'dead locks are swept away');
  await state.release();
});

test('a daemon that is stopped still holds its state directory', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  const { child } = await starter(t, folder);
  child.kill('SIGSTOP');
  await assert.rejects(openStateDirectory(folder), /belongs to a running audit-sidecar;/);
});

test('of several processes that start at once beside a dead lock exactly one gets the directory', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  let holder = (await starter(t, folder)).child;
  for (let round = 0; round < 4; round++) {
    await killed(holder);
    const starters = await Promise.all([1, 2, 3, 4].map(() => starter(t, folder)));
    const held = starters.filter(({ said }) => said === 'held');
    assert.equal(held.length, 1, starters.map(({ said }) => said).join('\n'));
    for (const { said } of starters) assert.match(said, /^(held|refused)/);
    for (const { child, said } of starters) if (said !== 'held') await killed(child);
    holder = held[0]!.child;
  }
});

test('openers that race through releases never hold the directory together', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  let holding = 0;
  let taken = 0;
  const opener = async (): Promise<void> => {
    for (let attempt = 0; attempt < 25; attempt++) {
      let state: StateDirectory;
      try {
        state = await openStateDirectory(folder);
      } catch (error) {
        assert.ok(error instanceof StateRefused, String(error));
        assert.match(error.message, /belongs to/);
        continue;
      }
      holding++;
      taken++;
      assert.equal(holding, 1);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(holding, 1);
      holding--;
      await state.release();
    }
  };
  await Promise.all([opener(), opener(), opener(), opener(), opener(), opener()]);
  assert.ok(taken > 0);
});

test('a state directory works under a path that is too long for a socket', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'x'.repeat(100), 'y'.repeat(100));
  const state = await openStateDirectory(folder);
  await assert.rejects(openStateDirectory(folder), new RegExp(`process ${process.pid};`));
  await state.release();
  await (await openStateDirectory(folder)).release();
});

test('a folder where a lock should be holds nothing', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  mkdirSync(path.join(folder, 'lock', '1.sock'), { recursive: true, mode: 0o700 });
  const state = await openStateDirectory(folder);
  await state.release();
});
