import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readSalt as readSaltBytes, SaltRefused, Salts, storedSalts } from '../../../daemon/state/salts.ts';
import { openStateDirectory, type StateDirectory } from '../../../daemon/state/state-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { openedState } from './opened-state.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readSalt(folder: string, device: string): string | null {
  return readSaltBytes(folder, device)?.toString() ?? null;
}

const unheard = (message: string): never => assert.fail(message);

async function saltFor(
  state: StateDirectory,
  device: string,
  file: string | null,
  warn: (message: string) => void = unheard,
): Promise<string> {
  return (await new Salts(state).obtain(device, file, warn)).bytes.toString();
}

function destroySalt(state: StateDirectory, device: string): Promise<boolean> {
  return new Salts(state).destroy(device);
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  let message = '';
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof SaltRefused, String(error));
    message = error.message;
    return true;
  });
  return message;
}

test('a device gets a salt of its own and keeps it over restarts', async (t) => {
  const folder = path.join(temporaryDirectory(t), 'state');
  const first = await openStateDirectory(folder);
  const salt = await saltFor(first, 'file/', null);
  assert.match(salt, uuid);
  const other = await saltFor(first, 'siem/', null);
  assert.notEqual(other, salt);
  await first.release();

  const second = await openStateDirectory(folder);
  t.after(() => second.release());
  assert.equal(await saltFor(second, 'file/', null), salt);
  assert.equal(readSalt(folder, 'file/'), salt);
  assert.equal(readSalt(folder, 'siem/'), other);
  assert.equal(readSalt(folder, 'none/'), null);
  assert.deepEqual((await storedSalts(second, assert.fail)).sort(), ['file/', 'siem/']);
  for (const name of readdirSync(path.join(folder, 'salts'))) {
    assert.equal(statSync(path.join(folder, 'salts', name)).mode & 0o777, 0o600);
  }
});

test('the salt of a device that is gone is destroyed, and the next one is another', async (t) => {
  const state = await openedState(t);
  const salt = await saltFor(state, 'file/', null);
  assert.equal(await destroySalt(state, 'file/'), true);
  assert.equal(readSalt(state.path, 'file/'), null);
  assert.deepEqual(await storedSalts(state, assert.fail), []);
  assert.notEqual(await saltFor(state, 'file/', null), salt);
  assert.equal(await destroySalt(state, 'never-there/'), false);
});

test('asked for at the same moment, a device still has one salt', async (t) => {
  const state = await openedState(t);
  const salts = await Promise.all([1, 2, 3, 4, 5].map(() => saltFor(state, 'file/', null)));
  assert.equal(new Set(salts).size, 1);
});

test('different device paths never share a salt file, also where case does not count in names', async (t) => {
  const state = await openedState(t);
  const long = 'x'.repeat(400);
  const paths = ['a/', 'A/', 'a/b/', 'a%2fb/', 'a.b/', '../', '.../', 'ü/', 'u\u0308/', ' /', '=/', '\n/'];
  paths.push(`${long}/`, `${long}y/`, `${'é'.repeat(60)}/`, 'con/', '%/', '%25/');
  const salts = new Set<string>();
  for (const each of paths) salts.add(await saltFor(state, each, null));
  assert.equal(salts.size, paths.length);
  for (const each of paths) assert.ok(salts.has(readSalt(state.path, each)!));
  const names = readdirSync(path.join(state.path, 'salts'));
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, paths.length);
  for (const name of names) assert.ok(name.length <= 255 && !name.startsWith('.'), name);
  assert.deepEqual((await storedSalts(state, assert.fail)).sort(), [...paths].sort());
});

test('a damaged salt stops the start, says how to recover, and is left as it is', async (t) => {
  const state = await openedState(t);
  const salt = await saltFor(state, 'file/', null);
  const file = path.join(state.path, 'salts', readdirSync(path.join(state.path, 'salts'))[0]!);
  const good = readFileSync(file);
  const damages: [Buffer, RegExp][] = [
    [Buffer.alloc(0), /: it is empty;/],
    [Buffer.alloc(good.length), /: it is not JSON;/],
    [good.subarray(0, good.length - 5), /: it is not JSON;/],
    [Buffer.from([0xff, 0xfe, 0x00]), /: it is not JSON;/],
    [Buffer.from('[]'), /: it has no device and salt;/],
    [Buffer.from(String(good).replace(salt, salt.slice(1))), /: the salt is not a UUID of 36 characters;/],
    [Buffer.from(String(good).replace('file/', 'other/')), /: it is the salt of another device;/],
  ];
  for (const [bytes, reason] of damages) {
    writeFileSync(file, bytes);
    for (const read of [() => saltFor(state, 'file/', null), async () => readSalt(state.path, 'file/')]) {
      const message = await refusal(read);
      assert.match(message, reason);
      assert.ok(message.startsWith(`Cannot use salt "${file}"`) && message.includes('restore it'), message);
      assert.ok(!message.includes(salt.slice(1, 20)), 'the salt is not in the message');
    }
    assert.deepEqual(readFileSync(file), bytes);
  }
  writeFileSync(file, damages[5]![0]);
  const heard: string[] = [];
  assert.deepEqual(await storedSalts(state, (message) => heard.push(message)), []);
  assert.equal(heard.length, 1);
  writeFileSync(file, good);
  assert.equal(await saltFor(state, 'file/', null), salt);
});

test('a salt file is used as it is, without its line end, and nothing is stored', async (t) => {
  const state = await openedState(t);
  const file = path.join(temporaryDirectory(t), 'salt');
  for (const [content, salt] of [
    ['4b3f\n', '4b3f'],
    ['4b3f', '4b3f'],
    ['4b3f\r\n', '4b3f'],
    [' with spaces \n', ' with spaces '],
    ['naïve\n', 'naïve'],
  ] as const) {
    writeFileSync(file, content, { mode: 0o600 });
    assert.equal(await saltFor(state, 'file/', file), salt);
  }
  assert.deepEqual(await storedSalts(state, assert.fail), []);
});

test('a salt file that cannot be meant is refused with its path and without its content', async (t) => {
  const state = await openedState(t);
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'salt');
  const contents: [string | Buffer, RegExp][] = [
    ['', /it is empty/],
    ['\n', /it is empty/],
    ['hidden-one\nhidden-two\n', /more than one line/],
    [`hidden${'x'.repeat(2000)}`, /larger than 1 KiB/],
    [Buffer.from('hidden\0'), /characters that are not text/],
    [Buffer.from([0x68, 0xff]), /not UTF-8/],
  ];
  for (const [content, reason] of contents) {
    writeFileSync(file, content, { mode: 0o600 });
    const message = await refusal(() => saltFor(state, 'file/', file));
    assert.match(message, reason);
    assert.ok(message.includes(`"${file}"`) && !message.includes('hidden'), message);
  }
  assert.match(await refusal(() => saltFor(state, 'file/', folder)), /it is a directory/);
  const missing = await refusal(() => saltFor(state, 'file/', path.join(folder, 'none')));
  assert.match(missing, /^Cannot read salt file ".*none": no such file or directory$/);

  const fifo = path.join(folder, 'fifo');
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
  assert.match(await refusal(() => saltFor(state, 'file/', fifo)), /not a regular file/);
});

test('a salt file that others can read is warned of, but not one of the credentials of systemd', async (t) => {
  const state = await openedState(t);
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'salt');
  const warnings: string[] = [];
  const warn = (message: string): void => {
    warnings.push(message);
  };
  writeFileSync(file, 'hidden\n');
  chmodSync(file, 0o600);
  await saltFor(state, 'file/', file, warn);
  assert.deepEqual(warnings, []);
  chmodSync(file, 0o640);
  await saltFor(state, 'file/', file, warn);
  assert.deepEqual(warnings, [`Salt file "${file}" can be read by other users: run chmod 0600 on it`]);

  process.env['CREDENTIALS_DIRECTORY'] = folder;
  t.after(() => delete process.env['CREDENTIALS_DIRECTORY']);
  await saltFor(state, 'file/', file, warn);
  assert.equal(warnings.length, 1);
});
