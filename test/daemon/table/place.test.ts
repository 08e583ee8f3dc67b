import assert from 'node:assert/strict';
import { linkSync, mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { placeOf, placeOfDescriptor } from '../../../daemon/table/place.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

function folderWithFile(t: TestContext): { folder: string; at: (name: string) => string } {
  const folder = realpathSync(temporaryDirectory(t));
  const at = (name: string): string => path.join(folder, name);
  writeFileSync(at('file'), '');
  return { folder, at };
}

test('links are followed, also to what is not there yet, and the entry itself is kept', async (t) => {
  const { folder, at } = folderWithFile(t);
  mkdirSync(at('deep'));
  symlinkSync('deep', at('folder-link'));
  symlinkSync('../new', at('deep/dangling'));
  symlinkSync('folder-link/dangling', at('twice'));
  symlinkSync('file', at('link'));
  const cases: [name: string, entry: string, real: string][] = [
    ['file', 'file', 'file'],
    ['link', 'link', 'file'],
    ['folder-link/x', 'deep/x', 'deep/x'],
    ['folder-link/dangling', 'deep/dangling', 'new'],
    ['twice', 'twice', 'new'],
    ['none/at/all', 'none/at/all', 'none/at/all'],
  ];
  for (const [name, entry, real] of cases) {
    const place = await placeOf(path.join(folder, name));
    assert.deepEqual([place.entry, place.real], [at(entry), at(real)], name);
  }
});

test('hard links are one file, and a name that was given away is another', async (t) => {
  const { at } = folderWithFile(t);
  linkSync(at('file'), at('hard'));
  const { identity } = await placeOf(at('file'));
  assert.notEqual(identity, null);
  assert.equal((await placeOf(at('hard'))).identity, identity);
  assert.equal((await placeOf(at('new'))).identity, null);
  renameSync(at('file'), at('file.1'));
  assert.equal((await placeOf(at('file'))).identity, null);
  assert.equal((await placeOf(at('file.1'))).identity, identity);
});

test('links that lead in a circle end', async (t) => {
  const { at } = folderWithFile(t);
  symlinkSync('two', at('one'));
  symlinkSync('one', at('two'));
  const place = await placeOf(at('one/below'));
  assert.equal(path.basename(place.real), 'below');
});

test('what is asked after a change sees it, whatever was asked before', async (t) => {
  const { at } = folderWithFile(t);
  symlinkSync('file', at('link'));
  // The change falls before, into and behind each step of the look that is under way.
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let round = 0; round < 100; round++) {
    const before = placeOf(at('link'));
    for (let turn = 0; turn < round % 10; turn++) await new Promise(setImmediate);
    // Lets the system's answer come while nobody here has heard it yet.
    Atomics.wait(pause, 0, 0, 1);
    renameSync(at('file'), at('other'));
    const after = await placeOf(at('link'));
    assert.equal(after.identity, null);
    await before;
    renameSync(at('other'), at('file'));
  }
});

test('a descriptor tells its file; one that is no file or not there tells none', async (t) => {
  const { open } = await import('node:fs/promises');
  const { at } = folderWithFile(t);
  const handle = await open(at('file'), 'r');
  t.after(() => handle.close());
  assert.equal(placeOfDescriptor(handle.fd)?.identity, (await placeOf(at('file'))).identity);
  assert.equal(placeOfDescriptor(1_000_000), null);
});
