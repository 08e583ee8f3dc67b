import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type StateDirectory, StateRefused } from '../../../daemon/state/state-directory.ts';
import { emptyTable, readTable, type StoredTable } from '../../../daemon/state/stored-table.ts';
import { openTableStore } from '../../../daemon/state/table-store.ts';
import { openedState } from './opened-state.ts';

/** An edit that adds a header. */
function adding(name: string): (table: StoredTable) => StoredTable {
  return (table) => ({ ...table, headers: new Map([...table.headers, [name, { hmac: true }]]) });
}

test('a change is stored before it is current, and then told with what was before', async (t) => {
  const state = await openedState(t);
  const stored: string[][] = [];
  const watched: StateDirectory = {
    ...state,
    async writeAtomically(name, bytes) {
      assert.deepEqual([...store.current.headers.keys()], stored.at(-1) ?? []);
      await state.writeAtomically(name, bytes);
      stored.push([...(await readTable(state)).headers.keys()]);
    },
  };
  const store = await openTableStore(watched);
  assert.deepEqual(store.current, emptyTable);
  const told: [now: string[], before: string[]][] = [];
  for (let listener = 0; listener < 2; listener++) {
    store.onChange((table, before) => {
      assert.equal(store.current, table);
      told.push([[...table.headers.keys()], [...before.headers.keys()]]);
    });
  }
  // The second sees what the first made.
  await Promise.all([store.change(adding('a')), store.change(adding('b'))]);
  assert.deepEqual(stored, [['a'], ['a', 'b']]);
  assert.deepEqual(told, [
    [['a'], []],
    [['a'], []],
    [['a', 'b'], ['a']],
    [['a', 'b'], ['a']],
  ]);
  assert.deepEqual((await openTableStore(state)).current, store.current);
});

test('a change is over when it is stored', async (t) => {
  const state = await openedState(t);
  const store = await openTableStore(state);
  await store.change(adding('a'));
  assert.deepEqual([...(await readTable(state)).headers.keys()], ['a']);
  assert.deepEqual([...store.current.headers.keys()], ['a']);
});

test('an edit that changes nothing is neither stored nor told', async (t) => {
  const state = await openedState(t);
  const still: StateDirectory = { ...state, writeAtomically: async () => assert.fail('it was stored') };
  const store = await openTableStore(still);
  store.onChange(() => assert.fail('it was told'));
  await store.change((table) => table);
  assert.equal(store.current, emptyTable);
});

test('a change that fails leaves the table as it was, and the next one goes through', async (t) => {
  const state = await openedState(t);
  let full = true;
  const store = await openTableStore({
    ...state,
    writeAtomically: (name, bytes) =>
      full ? Promise.reject(new StateRefused('no room')) : state.writeAtomically(name, bytes),
  });
  const told: number[] = [];
  store.onChange((table) => told.push(table.headers.size));
  await assert.rejects(store.change(adding('a')), /no room/);
  await assert.rejects(
    store.change(() => {
      throw new RangeError('not so');
    }),
    /not so/,
  );
  assert.equal(store.current, emptyTable);
  assert.deepEqual(told, []);
  full = false;
  await store.change(adding('b'));
  assert.deepEqual([...store.current.headers.keys()], ['b']);
  assert.deepEqual(told, [1]);
});

test('a damaged table opens no store', async (t) => {
  const state = await openedState(t);
  writeFileSync(path.join(state.path, 'table.json'), '{}');
  await assert.rejects(openTableStore(state), StateRefused);
});
