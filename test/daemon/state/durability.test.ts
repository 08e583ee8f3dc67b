import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import promises from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { openStateDirectory, StateRefused } from '../../../daemon/state/state-directory.ts';
import { syncFolder } from '../../../daemon/state/sync-folder.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { around, FileCalls, openDescriptors } from './file-calls.ts';
import { openedState } from './opened-state.ts';

const bytes = Buffer.from('content');

/** What makes a file: its content is on the disk before it has its name, and its name before the call is over. */
const made = ['open passing', 'writeFile passing', 'sync passing', 'close passing'];
const named = ['open salts', 'sync salts', 'close salts'];

test('a file is on the disk before it has its name, and its name before the write is over', async (t) => {
  const state = await openedState(t);
  const calls = await FileCalls.record(t);
  await state.writeAtomically('salts/x', bytes);
  const folder = ['mkdir salts', 'open state', 'sync state', 'close state'];
  assert.deepEqual(calls.taken(), [...folder, ...made, 'rename passing', 'unlink passing', ...named]);
  await state.writeAtomically('salts/x', bytes);
  assert.deepEqual(calls.taken(), ['mkdir salts', ...made, 'rename passing', 'unlink passing', ...named]);
  assert.equal(await state.createAtomically('salts/y', bytes), true);
  assert.deepEqual(calls.taken(), ['mkdir salts', ...made, 'link passing', 'unlink passing', ...named]);
  assert.equal(await state.createAtomically('salts/y', bytes), false);
  assert.deepEqual(calls.taken(), ['mkdir salts', ...made, 'link passing', 'unlink passing']);
});

test('a destroyed file has lost its name on the disk, then its content, then its other name', async (t) => {
  const state = await openedState(t);
  await state.writeAtomically('salts/x', bytes);
  const calls = await FileCalls.record(t);
  await state.destroy('salts/x');
  assert.deepEqual(calls.taken(), [
    'rename x',
    ...named,
    'open passing',
    'write passing',
    'sync passing',
    'close passing',
    'unlink passing',
    ...named,
  ]);
});

test('a start makes the names of the folders it makes durable, and ends what it finds', async (t) => {
  const above = path.join(temporaryDirectory(t), 'above');
  const folder = path.join(above, 'state');
  const calls = await FileCalls.record(t);
  const state = await openStateDirectory(folder);
  const durable = (name: string): string[] => [`open ${name}`, `sync ${name}`, `close ${name}`];
  assert.deepEqual(
    calls.taken().filter((call) => !/lock|\.sock|\.new-/.test(call)),
    ['mkdir state', 'mkdir above', 'mkdir state', ...durable(path.basename(path.dirname(above)))].concat(
      durable('above'),
    ),
  );
  await state.release();
  writeFileSync(path.join(folder, '.passing-1'), 'salt');
  const again = await openStateDirectory(folder);
  assert.deepEqual(
    calls.taken().filter((call) => !/lock|\.sock|\.new-/.test(call)),
    ['mkdir state', 'open passing', 'write passing', 'sync passing', 'close passing', 'unlink passing'],
  );
  await again.release();
  writeFileSync(path.join(folder, 'good'), '');
  linkSync(path.join(folder, 'good'), path.join(folder, '.passing-1'));
  calls.taken();
  const third = await openStateDirectory(folder);
  assert.deepEqual(
    calls.taken().filter((call) => !/lock|\.sock|\.new-/.test(call)),
    ['mkdir state', 'unlink passing'],
  );
  await third.release();
});

test('a leftover is overwritten, unless its content has a good name already', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  mkdirSync(path.join(folder, 'salts'), { recursive: true, mode: 0o700 });
  for (const name of ['.passing-1', 'salts/.passing-2', 'salts/good', 'salts/.other']) {
    writeFileSync(path.join(folder, name), name);
  }
  linkSync(path.join(folder, 'salts/good'), path.join(folder, 'salts/.passing-3'));
  mkdirSync(path.join(folder, '.passing-folder'));
  const descriptors = ['.passing-1', 'salts/.passing-2'].map((name) =>
    openSync(path.join(folder, name), 'r'),
  );
  const state = await openStateDirectory(folder);
  t.after(() => state.release());
  for (const descriptor of descriptors) {
    const found = Buffer.alloc(100, 1);
    const length = readSync(descriptor, found, 0, 100, 0);
    assert.ok(length > 0);
    assert.deepEqual(found.subarray(0, length), Buffer.alloc(length));
    closeSync(descriptor);
  }
  assert.deepEqual(readdirSync(folder).sort(), ['.passing-folder', 'lock', 'salts']);
  assert.deepEqual(readdirSync(path.join(folder, 'salts')).sort(), ['.other', 'good']);
  assert.equal(readFileSync(path.join(folder, 'salts/good'), 'utf8'), 'salts/good');
  assert.equal(statSync(path.join(folder, 'salts/good')).nlink, 1);
});

test('what stands in the place of a file and is none harms nothing when it is destroyed', async (t) => {
  const state = await openedState(t);
  mkdirSync(path.join(state.path, 'salts'), { mode: 0o700 });
  const outside = path.join(temporaryDirectory(t), 'outside');
  writeFileSync(outside, 'precious');
  symlinkSync(outside, path.join(state.path, 'salts/link'));
  await assert.rejects(state.destroy('salts/link'), StateRefused);
  assert.equal(readFileSync(outside, 'utf8'), 'precious');
  execFileSync('mkfifo', [path.join(state.path, 'salts/fifo')]);
  await assert.rejects(state.destroy('salts/fifo'), StateRefused);
});

test('what goes wrong is told with the file and what was to be done with it', async (t) => {
  const state = await openedState(t);
  mkdirSync(path.join(state.path, 'salts/folder'), { recursive: true, mode: 0o700 });
  writeFileSync(path.join(state.path, 'plain'), '');
  const file = path.join(state.path, 'salts/folder');
  for (const [work, message] of [
    [() => state.read('salts/folder'), `Cannot read state file "${file}": is a directory`],
    [() => state.writeAtomically('salts/folder', bytes), `Cannot write state file "${file}": is a directory`],
    [() => state.destroy('plain/x'), `Cannot destroy state file "${state.path}/plain/x": not a directory`],
    [() => state.list('plain'), `Cannot list state file "${state.path}/plain": not a directory`],
    [() => state.read('plain/x'), `Cannot read state file "${state.path}/plain/x": not a directory`],
  ] as const) {
    await assert.rejects(work, (error: unknown) => {
      assert.ok(error instanceof StateRefused, String(error));
      assert.ok(error.message.startsWith(message.slice(0, message.lastIndexOf(':'))), error.message);
      return true;
    });
  }
  // A file that could not be put in its place leaves nothing behind.
  assert.deepEqual(readdirSync(path.join(state.path, 'salts')), ['folder']);
});

test('nothing that is done, or fails, leaves a descriptor open', async (t) => {
  const state = await openedState(t);
  const before = openDescriptors();
  await state.writeAtomically('salts/x', bytes);
  await state.createAtomically('salts/x', bytes);
  await state.destroy('salts/x');
  symlinkSync('nowhere', path.join(state.path, 'salts/link'));
  await assert.rejects(state.destroy('salts/link'));
  assert.equal(openDescriptors(), before);
});

test('a directory that cannot be tidied is refused, and free for the next who tries', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(path.join(folder, '.passing-1'), 'salt');
  let failing = true;
  around(
    t,
    promises,
    'unlink',
    (original) =>
      async function (this: unknown, ...values) {
        if (failing && String(values[0]).endsWith('.passing-1')) {
          throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
        }
        return original.apply(this, values);
      },
  );
  const before = openDescriptors();
  await assert.rejects(openStateDirectory(folder), (error: unknown) => {
    assert.ok(error instanceof StateRefused);
    assert.ok(error.message.startsWith(`Cannot tidy state directory "${folder}": `), error.message);
    return true;
  });
  assert.equal(openDescriptors(), before);
  failing = false;
  await (await openStateDirectory(folder)).release();
});

test('a file system that cannot sync folders is put up with, one that fails is not', async (t) => {
  const folder = temporaryDirectory(t);
  let code = 'EINVAL';
  const handle = await promises.open('/dev/null');
  around(t, Object.getPrototypeOf(handle) as object, 'sync', () => async () => {
    throw Object.assign(new Error(code), { code });
  });
  await handle.close();
  const before = openDescriptors();
  await syncFolder(folder);
  code = 'EIO';
  await assert.rejects(syncFolder(folder), /EIO/);
  assert.equal(openDescriptors(), before);
});
