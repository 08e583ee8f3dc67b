import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readSaltFile as readSaltFileBytes } from '../../../daemon/state/salt-file.ts';
import { readSalt as readSaltBytes, SaltRefused, Salts, storedSalts } from '../../../daemon/state/salts.ts';
import type { StateDirectory } from '../../../daemon/state/state-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { openedState } from './opened-state.ts';

function readSalt(folder: string, device: string): string | null {
  return readSaltBytes(folder, device)?.toString() ?? null;
}

async function readSaltFile(file: string, warn: (message: string) => void): Promise<string> {
  return (await readSaltFileBytes(file, warn)).toString();
}

const unheard = (message: string): never => assert.fail(message);
const uuid = '8a1ee9c5-1c0e-4f0b-9d7b-2f3f5a8f0e11';

/** Puts bytes where the salt of `file/` is stored, and returns the file. */
function store(state: StateDirectory, bytes: string | Buffer): string {
  const [name] = readdirSync(path.join(state.path, 'salts'));
  const file = path.join(state.path, 'salts', name!);
  writeFileSync(file, bytes);
  return file;
}

test('it is told whether a salt was made or found', async (t) => {
  const state = await openedState(t);
  const salts = new Salts(state);
  const made = await salts.obtain('file/', null, unheard);
  assert.equal(made.made, true);
  assert.deepEqual(await salts.obtain('file/', null, unheard), {
    bytes: made.bytes,
    made: false,
    putBack: false,
  });
  const file = path.join(temporaryDirectory(t), 'salt');
  writeFileSync(file, 'by-hand\n', { mode: 0o600 });
  assert.deepEqual(await salts.obtain('file/', file, unheard), {
    bytes: Buffer.from('by-hand'),
    made: false,
    putBack: false,
  });
  await salts.destroy('file/');
  assert.equal((await salts.obtain('file/', null, unheard)).made, true);
});

test('who has a salt destroyed is told when it is gone', async (t) => {
  const state = await openedState(t);
  const salts = new Salts(state);
  await salts.obtain('file/', null, unheard);
  await salts.destroy('file/');
  assert.deepEqual(readdirSync(path.join(state.path, 'salts')), []);
});

test('a salt that another process stores in between is the one', async (t) => {
  const state = await openedState(t);
  const other = new Salts(state);
  let reads = 0;
  const slow: StateDirectory = {
    ...state,
    async read(name) {
      const found = await state.read(name);
      if (++reads === 1) await other.obtain('file/', null, unheard);
      return found;
    },
  };
  const { bytes, made } = await new Salts(slow).obtain('file/', null, unheard);
  assert.equal(made, false);
  assert.equal(bytes.toString(), readSalt(state.path, 'file/'));
});

test('salts without a device are noted with the time, and stay; what cannot be read is left', async (t) => {
  const state = await openedState(t);
  const salts = new Salts(state);
  for (const device of ['a/', 'b/', 'c/', 'd/']) await salts.obtain(device, null, unheard);
  const damaged = path.join(state.path, 'salts/c%2f');
  writeFileSync(damaged, '{}');
  const before = new Map(['a/', 'b/', 'd/'].map((device) => [device, readSalt(state.path, device)]));
  const unreadable: string[] = [];
  const note = (inUse: readonly string[], time: number): Promise<string[]> =>
    salts.noteUnused(
      (device) => inUse.includes(device),
      (message) => unreadable.push(message),
      new Date(time),
    );
  const unused = async (): Promise<unknown> =>
    (
      await salts.list(
        (device) => device === 'b/',
        () => {},
      )
    ).map(({ device, inUse, unusedSince }) => [device, inUse, unusedSince]);
  assert.deepEqual(await note(['a/', 'b/', 'd/'], 0), []);
  assert.deepEqual(await note(['b/', 'd/'], 1_000), ['a/']);
  assert.deepEqual(await note(['b/'], 2_000), ['d/']);
  const since = (time: number): string => new Date(time).toISOString();
  assert.deepEqual(await unused(), [
    ['a/', false, since(1_000)],
    ['b/', true, null],
    ['d/', false, since(2_000)],
  ]);
  // One that comes back and goes again has a new time.
  assert.deepEqual(await note(['a/', 'b/'], 3_000), []);
  assert.deepEqual(await note(['b/'], 4_000), ['a/']);
  assert.deepEqual(((await unused()) as unknown[])[0], ['a/', false, since(4_000)]);
  writeFileSync(path.join(state.path, 'unused-salts.json'), '{"a/":7,');
  assert.deepEqual(await note(['b/'], 5_000), ['a/', 'd/'], 'a damaged note begins anew');

  assert.ok(unreadable.every((each) => each.startsWith(`Cannot use salt "${damaged}"`)));
  assert.deepEqual(readdirSync(path.join(state.path, 'salts')), ['a%2f', 'b%2f', 'c%2f', 'd%2f']);
  for (const [device, salt] of before) assert.equal(readSalt(state.path, device), salt);
  assert.equal(readFileSync(damaged, 'utf8'), '{}');
});

test('what is asked of salts at once is done one after the other', async (t) => {
  const state = await openedState(t);
  const salts = new Salts(state);
  const first = await salts.obtain('file/', null, unheard);
  const [, second, , third] = await Promise.all([
    salts.destroy('file/'),
    salts.obtain('file/', null, unheard),
    salts.destroy('file/'),
    salts.obtain('file/', null, unheard),
  ]);
  assert.deepEqual([second.made, third.made], [true, true]);
  assert.equal(new Set([first, second, third].map(({ bytes }) => bytes.toString())).size, 3);
  assert.equal(readSalt(state.path, 'file/'), third.bytes.toString());
});

test('a salt under the name of another device is not listed, but told', async (t) => {
  const state = await openedState(t);
  const salts = new Salts(state);
  for (const device of ['a/', 'b/']) await salts.obtain(device, null, unheard);
  const misfiled = path.join(state.path, 'salts/b%2f');
  renameSync(path.join(state.path, 'salts/a%2f'), misfiled);
  const heard: string[] = [];
  assert.deepEqual(await storedSalts(state, (message) => heard.push(message)), []);
  assert.equal(heard.length, 1);
  assert.ok(heard[0]!.startsWith(`Cannot use salt "${misfiled}": it is the salt of another device;`));
  assert.throws(() => readSalt(state.path, 'b/'), SaltRefused);
});

test('a salt that goes while the salts are listed is left out', async (t) => {
  const state = await openedState(t);
  await new Salts(state).obtain('file/', null, unheard);
  const listed: StateDirectory = { ...state, list: async () => ['gone', ...(await state.list('salts'))] };
  assert.deepEqual(await storedSalts(listed, unheard), ['file/']);
});

test('what is no salt of a device is refused in its own words', async (t) => {
  const state = await openedState(t);
  await new Salts(state).obtain('file/', null, unheard);
  const spoilt = Buffer.concat([
    Buffer.from(`{"device":"file/","salt":"${uuid}","more":"`),
    Buffer.of(0xff),
    Buffer.from('"}'),
  ]);
  for (const [bytes, fault] of [
    ['null', 'it has no device and salt'],
    ['7', 'it has no device and salt'],
    [`"${uuid}"`, 'it has no device and salt'],
    [`{"salt":"${uuid}"}`, 'it has no device and salt'],
    ['{"device":"file/"}', 'it has no device and salt'],
    [`{"device":7,"salt":"${uuid}"}`, 'the device is not text'],
    [`{"device":["file/"],"salt":"${uuid}"}`, 'the device is not text'],
    ['{"device":"file/","salt":7}', 'the salt is not a UUID of 36 characters'],
    [`{"device":"file/","salt":["${uuid}"]}`, 'the salt is not a UUID of 36 characters'],
    [`{"device":"file/","salt":"${uuid}0"}`, 'the salt is not a UUID of 36 characters'],
    [spoilt, 'it is not JSON'],
  ] as const) {
    const file = store(state, bytes);
    assert.throws(
      () => readSalt(state.path, 'file/'),
      (error: unknown) => {
        assert.ok(error instanceof SaltRefused, String(error));
        assert.ok(error.message.startsWith(`Cannot use salt "${file}": ${fault};`), error.message);
        return true;
      },
    );
  }
  store(state, JSON.stringify({ device: 'file/', salt: uuid }));
  assert.equal(readSalt(state.path, 'file/'), uuid);
});

test('a salt is read beside a running daemon whatever its mode, up to a mebibyte', async (t) => {
  const state = await openedState(t);
  await new Salts(state).obtain('file/', null, unheard);
  const mebibyte = 1024 * 1024;
  const file = store(state, JSON.stringify({ device: 'file/', salt: uuid }).padEnd(mebibyte));
  // Nobody else gets into its folder.
  chmodSync(file, 0o644);
  assert.equal(readSalt(state.path, 'file/'), uuid);
  store(state, JSON.stringify({ device: 'file/', salt: uuid }).padEnd(mebibyte + 1));
  const fault = (): string => {
    try {
      return `read: ${readSalt(state.path, 'file/')}`;
    } catch (error) {
      assert.ok(error instanceof SaltRefused, String(error));
      return error.message;
    }
  };
  assert.ok(fault().startsWith(`Cannot use salt "${file}": it is larger than 1 MiB; restore it`), fault());
  rmSync(file);
  mkdirSync(file);
  assert.ok(fault().startsWith(`Cannot use salt "${file}": it is a directory; restore it`), fault());
  rmSync(path.dirname(file), { recursive: true });
  writeFileSync(path.dirname(file), '');
  assert.equal(fault(), `Cannot read salt "${file}": not a directory`);
});

test('a device path is its salt’s file name up to 200 bytes, a longer one is hashed', async (t) => {
  const state = await openedState(t);
  const salts = new Salts(state);
  const names = (): string[] => readdirSync(path.join(state.path, 'salts'));
  await salts.obtain(`${'x'.repeat(197)}/`, null, unheard);
  assert.deepEqual(names(), [`${'x'.repeat(197)}%2f`]);
  await salts.destroy(`${'x'.repeat(197)}/`);
  await salts.obtain(`${'x'.repeat(198)}/`, null, unheard);
  assert.equal(names().length, 1);
  assert.match(names()[0]!, /^=[0-9a-f]{64}$/);
  assert.deepEqual(await storedSalts(state, unheard), [`${'x'.repeat(198)}/`]);
});

test('a salt file has 1024 bytes and is text from its first byte', async (t) => {
  const file = path.join(temporaryDirectory(t), 'salt');
  const read = (content: string): Promise<string> => {
    writeFileSync(file, content, { mode: 0o600 });
    return readSaltFile(file, unheard);
  };
  assert.equal(await read('s'.repeat(1024)), 's'.repeat(1024));
  await assert.rejects(read('s'.repeat(1025)), SaltRefused);
  for (const control of ['\u0000', '\t', '\u001f', '\u007f']) {
    await assert.rejects(read(`salt${control}`), /it has characters that are not text/);
  }
  assert.equal(await read('salt ~\u0080'), 'salt ~\u0080');
  // A byte order mark would be part of the salt unseen.
  await assert.rejects(read('\ufeffsalt'), /it has characters that are not text/);
});

test('a salt file is warned of when others can read it, and for nothing else', async (t) => {
  const file = path.join(temporaryDirectory(t), 'salt');
  writeFileSync(file, 'salt');
  for (const [mode, warned] of [
    [0o600, false],
    [0o733, false],
    [0o700, false],
    [0o640, true],
    [0o604, true],
  ] as const) {
    chmodSync(file, mode);
    const warnings: string[] = [];
    assert.equal(await readSaltFile(file, (message) => warnings.push(message)), 'salt');
    assert.equal(warnings.length, warned ? 1 : 0, mode.toString(8));
  }
});
