import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { StateRefused } from '../../../daemon/state/state-directory.ts';
import { emptyTable, readTable, type StoredTable, writeTable } from '../../../daemon/state/stored-table.ts';
import { openedState } from './opened-state.ts';

const table: StoredTable = {
  devices: new Map([
    [
      'site/a/',
      { type: 'file', description: 'größer', local: true, options: { file_path: '/x', mode: '0640' } },
    ],
    ['__proto__/', { type: 'socket', description: '', local: false, options: {} }],
  ]),
  headers: new Map([
    ['x-a', { hmac: true }],
    ['x-b', { hmac: false }],
  ]),
  mounts: new Map([
    ['secret/', { requestKeys: ['a'], responseKeys: [] }],
    ['auth/', { responseKeys: ['b', 'c'] }],
  ]),
  leaving: new Set(['gone/']),
};

async function opened(t: TestContext) {
  const state = await openedState(t);
  return { state, file: path.join(state.path, 'table.json') };
}

test('a table that was stored is read as it was, and what was never stored is empty', async (t) => {
  const { state } = await opened(t);
  assert.deepEqual(await readTable(state), emptyTable);
  await writeTable(state, table);
  assert.deepEqual(await readTable(state), table);
  await writeTable(state, emptyTable);
  assert.deepEqual(await readTable(state), emptyTable);
});

test('a table with any byte changed, missing or added is refused, and never read as another or as empty', async (t) => {
  const { state, file } = await opened(t);
  await writeTable(state, table);
  const good = readFileSync(file);
  const damages: Buffer[] = [
    Buffer.alloc(0),
    Buffer.alloc(good.length),
    Buffer.from('{}'),
    Buffer.from('[]\n'),
  ];
  for (let at = 0; at < good.length; at += 1) {
    const changed = Buffer.from(good);
    // Another digit stays a digit, another letter a letter.
    changed[at]! ^= 1;
    damages.push(changed, good.subarray(0, at), Buffer.concat([good.subarray(0, at), good.subarray(at + 1)]));
  }
  damages.push(Buffer.concat([good, Buffer.from('\n')]), Buffer.concat([good, good]));
  for (const bytes of damages) {
    writeFileSync(file, bytes);
    await assert.rejects(readTable(state), (error: unknown) => {
      assert.ok(error instanceof StateRefused, String(error));
      assert.ok(error.message.startsWith(`Cannot read device table "${file}": it `), error.message);
      return true;
    });
  }
  writeFileSync(file, good);
  assert.deepEqual(await readTable(state), table);
});

test('what is wrong with a table is told, with what to do', async (t) => {
  const { state, file } = await opened(t);
  const stored = (version: string, content: string, digested: string): string =>
    `{"version":${version},"sha256":"${createHash('sha256').update(digested).digest('hex')}","table":${content}}\n`;
  const content = '{"devices":{},"headers":{},"mounts":{}}';
  writeFileSync(file, stored('1', content, content));
  assert.deepEqual(await readTable(state), emptyTable);
  for (const [text, fault] of [
    [stored('2', content, content), 'it has version 2, and this release knows version 1'],
    [stored('10', content, content), 'it has version 10, and this release knows version 1'],
    [stored('1', content, `${content} `), 'it is damaged: its digest does not match its content'],
    ['', 'it is damaged or not a device table'],
    [content, 'it is damaged or not a device table'],
    [`\n${stored('1', content, content)}`, 'it is damaged or not a device table'],
  ] as const) {
    writeFileSync(file, text);
    await assert.rejects(readTable(state), (error: unknown) => {
      assert.ok(error instanceof StateRefused);
      assert.ok(error.message.startsWith(`Cannot read device table "${file}": ${fault}; put back a copy`));
      assert.match(error.message, /set through the API, whose salts are kept$/);
      return true;
    });
  }
});

test('a table that cannot be stored is not stored, and the caller knows', async (t) => {
  const { state } = await opened(t);
  await writeTable(state, table);
  const broken = { ...state, writeAtomically: async () => Promise.reject(new StateRefused('no room')) };
  await assert.rejects(writeTable(broken, emptyTable), /no room/);
  assert.deepEqual(await readTable(state), table);
});
