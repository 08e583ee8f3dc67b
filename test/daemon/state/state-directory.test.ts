import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  openStateDirectory,
  type StateDirectory,
  StateRefused,
} from '../../../daemon/state/state-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function opened(t: TestContext, folder: string): Promise<StateDirectory> {
  const state = await openStateDirectory(folder);
  t.after(() => state.release());
  return state;
}

function refusedWith(pattern: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof StateRefused, String(error));
    assert.match(error.message, pattern);
    return true;
  };
}

test('the state directory and everything in it is for its owner only, whatever the umask is', async (t) => {
  const above = path.join(temporaryDirectory(t), 'var');
  const folder = path.join(above, 'state');
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const state = await opened(t, folder);
  await state.writeAtomically('devices.json', Buffer.from('{}'));
  await state.writeAtomically('salts/a', Buffer.from('b'));
  for (const made of [above, folder, path.join(folder, 'salts'), path.join(folder, 'lock')]) {
    assert.equal(statSync(made).mode & 0o777, 0o700, made);
  }
  for (const file of ['devices.json', 'salts/a']) {
    assert.equal(statSync(path.join(folder, file)).mode & 0o777, 0o600, file);
  }
});

test('what was written is read, listed and destroyed', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  const state = await opened(t, folder);
  assert.equal(await state.read('salts/a'), null);
  assert.deepEqual(await state.list('salts'), []);
  await state.writeAtomically('salts/b', Buffer.from('1'));
  await state.writeAtomically('salts/b', Buffer.from('2'));
  await state.writeAtomically('salts/a', Buffer.from('3'));
  assert.equal(String(await state.read('salts/b')), '2');
  assert.deepEqual(await state.list('salts'), ['a', 'b']);
  assert.deepEqual(await state.list('none'), []);
  await state.destroy('salts/b');
  await state.destroy('salts/b');
  assert.deepEqual(await state.list('salts'), ['a']);
});

test('creating a file never replaces one that is there', async (t) => {
  const state = await opened(t, path.join(temporaryDirectory(t), 'state'));
  const answers = await Promise.all(
    ['1', '2', '3', '4'].map((text) => state.createAtomically('x', Buffer.from(text))),
  );
  assert.equal(answers.filter((made) => made).length, 1);
  assert.equal(String(await state.read('x')), ['1', '2', '3', '4'][answers.indexOf(true)]);
  assert.deepEqual(readdirSync(state.path).sort(), ['lock', 'x']);
});

test('a destroyed file leaves no content behind', async (t) => {
  const folder = temporaryDirectory(t);
  const state = await opened(t, path.join(folder, 'state'));
  await state.writeAtomically('salts/x', Buffer.from('secret'));
  // A second name for the same content shows what became of it.
  linkSync(path.join(state.path, 'salts/x'), path.join(folder, 'kept'));
  await state.destroy('salts/x');
  assert.equal(existsSync(path.join(state.path, 'salts/x')), false);
  assert.deepEqual(readFileSync(path.join(folder, 'kept')), Buffer.alloc(6));
  await state.destroy('salts/x');
});

test('a directory that others can enter is refused with the command that helps', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  mkdirSync(folder);
  for (const mode of [0o750, 0o701, 0o770]) {
    chmodSync(folder, mode);
    await assert.rejects(openStateDirectory(folder), refusedWith(/mode 07.. lets others in.*chmod 0700/));
  }
  chmodSync(folder, 0o700);
  await opened(t, folder);
});

test('a directory of another user is refused', async (t) => {
  let folder = '/';
  if (process.geteuid?.() === 0) {
    folder = path.join(temporaryDirectory(t), 'state');
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, 65534, 65534);
  }
  await assert.rejects(
    openStateDirectory(folder),
    refusedWith(/belongs to user [0-9]+ and the daemon runs as user/),
  );
});

test('a path that is no directory, or cannot be made, is refused', async (t) => {
  const file = path.join(temporaryDirectory(t), 'file');
  writeFileSync(file, 'x');
  await assert.rejects(openStateDirectory(file), refusedWith(/^Cannot use state directory ".*file": /));
  await assert.rejects(openStateDirectory(path.join(file, 'below')), refusedWith(/: not a directory$/));
  await assert.rejects(openStateDirectory('/proc/self/nothing'), refusedWith(/^Cannot use state directory/));
});

for (const action of ['replace', 'create', 'destroy'] as const) {
  test(`a kill -9 before any step of a ${action} leaves the old file or the new one, and nothing else`, async (t) => {
    const folder = path.join(temporaryDirectory(t), 'state');
    const before = action === 'create' ? null : 'old content';
    const after = action === 'destroy' ? null : 'new content';
    const seen = new Set<string | null>();
    let finished = false;
    for (let step = 0; !finished; step++) {
      assert.ok(step < 40, 'it ends');
      const state = await openStateDirectory(folder);
      await state.writeAtomically('salts/x', Buffer.from('old content'));
      if (before === null) await state.destroy('salts/x');
      await state.release();
      const script = path.join(import.meta.dirname, 'crash-writer.js');
      const run = spawnSync(process.execPath, [script, folder, action, String(step)], { encoding: 'utf8' });
      finished = run.stdout.startsWith('done');
      assert.ok(finished || run.signal === 'SIGKILL', run.stderr);

      const again = await openStateDirectory(folder);
      const found = (await again.read('salts/x'))?.toString() ?? null;
      assert.ok(found === before || found === after, `step ${step}: ${found}`);
      if (finished) assert.equal(found, after);
      seen.add(found);
      assert.deepEqual(readdirSync(path.join(folder, 'salts')), found === null ? [] : ['x'], `step ${step}`);
      await again.release();
    }
    assert.equal(seen.size, 2, 'both ends were seen');
  });
}
