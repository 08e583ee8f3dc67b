import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSaltFile } from '../../../daemon/state/salt-file.ts';
import { readSalt, SaltRefused, Salts, storedSalts } from '../../../daemon/state/salts.ts';
import {
  openStateDirectory,
  type StateDirectory,
  StateRefused,
} from '../../../daemon/state/state-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const unheard = (message: string): never => assert.fail(message);
const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** A state directory, and all memory that could keep a salt: what is read and written, and what is made to be wiped. */
async function watched(t: TestContext) {
  const folder = path.join(temporaryDirectory(t), 'state');
  const real = await openStateDirectory(folder);
  t.after(() => real.release());
  const memory: Uint8Array[] = [];
  const state: StateDirectory = {
    ...real,
    async read(name) {
      const bytes = await real.read(name);
      if (bytes !== null) memory.push(bytes);
      return bytes;
    },
    createAtomically(name, bytes) {
      memory.push(bytes);
      assert.match(Buffer.from(bytes).toString(), uuid, 'it is there to be seen');
      return real.createAtomically(name, bytes);
    },
  };
  const own = globalThis.ArrayBuffer;
  globalThis.ArrayBuffer = class extends own {
    constructor(length: number) {
      super(length);
      memory.push(new Uint8Array(this));
    }
  } as ArrayBufferConstructor;
  t.after(() => {
    globalThis.ArrayBuffer = own;
  });
  /** Holds all that was seen since the last time, but for what was asked for, to zeros. */
  const assertWiped = (asked: Buffer | null): void => {
    assert.ok(memory.length > 0);
    for (const bytes of memory.splice(0)) {
      if (bytes.buffer === asked?.buffer) continue;
      assert.deepEqual(Buffer.from(bytes), Buffer.alloc(bytes.length));
    }
  };
  return { state, real, salts: new Salts(state), assertWiped };
}

test('a salt that was made or found is nowhere but in what was asked for', async (t) => {
  const { salts, state, assertWiped } = await watched(t);
  const made = await salts.obtain('file/', null, unheard);
  assert.match(made.bytes.toString(), uuid);
  assertWiped(made.bytes);
  const found = await salts.obtain('file/', null, unheard);
  assert.deepEqual(found.bytes, made.bytes);
  assertWiped(found.bytes);
  const read = readSalt(state.path, 'file/');
  assert.deepEqual(read, made.bytes);
  assertWiped(read);
});

test('a salt that came too late or could not be stored is nowhere', async (t) => {
  const { state, real, assertWiped } = await watched(t);
  let others: Buffer = Buffer.alloc(0);
  const late: StateDirectory = {
    ...state,
    async createAtomically(name, bytes) {
      // Another process is quicker.
      if (others.length === 0) others = (await new Salts(real).obtain('file/', null, unheard)).bytes;
      return state.createAtomically(name, bytes);
    },
  };
  const { bytes, made } = await new Salts(late).obtain('file/', null, unheard);
  assert.equal(made, false);
  const other = readSalt(real.path, 'file/')!;
  assert.deepEqual(bytes, other);
  for (const each of [bytes, other]) each.fill(0);
  others.fill(0);
  assertWiped(null);
});

test('the content for a salt that cannot be stored is wiped', async (t) => {
  const { real } = await watched(t);
  let content: Uint8Array = new Uint8Array();
  const full: StateDirectory = {
    ...real,
    createAtomically(_, bytes) {
      content = bytes;
      return Promise.reject(new StateRefused('no room'));
    },
  };
  await assert.rejects(new Salts(full).obtain('file/', null, unheard), /no room/);
  assert.ok(content.length > 0);
  assert.ok(content.every((byte) => byte === 0));
});

test('salts that are only listed, or are those of another device, are nowhere', async (t) => {
  const { state, salts, assertWiped } = await watched(t);
  for (const device of ['a/', 'b/']) (await salts.obtain(device, null, unheard)).bytes.fill(0);
  assertWiped(null);
  assert.deepEqual(await storedSalts(state, unheard), ['a/', 'b/']);
  assertWiped(null);
  const misfiled: StateDirectory = { ...state, read: () => state.read('salts/b%2f') };
  await assert.rejects(new Salts(misfiled).obtain('a/', null, unheard), SaltRefused);
  assertWiped(null);
});

test('what a salt file holds is wiped when it cannot be used', async (t) => {
  const file = path.join(temporaryDirectory(t), 'salt');
  writeFileSync(file, 'two\nlines\n', { mode: 0o600 });
  const wiped: string[] = [];
  const { fill } = Buffer.prototype;
  t.mock.method(Buffer.prototype, 'fill', function (this: Buffer, ...values: [number]) {
    const before = this.toString();
    fill.apply(this, values);
    if (this.every((byte) => byte === 0)) wiped.push(before);
    return this;
  });
  await assert.rejects(readSaltFile(file, unheard), SaltRefused);
  // Where it was read into, and the copy that was looked at.
  assert.deepEqual(wiped, ['two\nlines\n', 'two\nlines\n']);
});

test('a salt is gone when its destruction is over', async (t) => {
  const { real } = await watched(t);
  const salts = new Salts(real);
  (await salts.obtain('file/', null, unheard)).bytes.fill(0);
  await salts.destroy('file/');
  assert.equal(readSalt(real.path, 'file/'), null);
});
