import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileDevice } from '../../support/daemon-process.ts';
import { startWithAdmin } from '../table/contested-daemon.ts';

const devices = { 'file/': fileDevice };

for (const [what, take] of [
  ['the state directory removed', (state: string) => rmSync(state, { recursive: true })],
  ['the state directory moved away', (state: string) => renameSync(state, `${state}.before`)],
  ['a salt removed alone', (state: string) => rmSync(path.join(state, 'salts/file%2f'))],
  ['the salts removed', (state: string) => rmSync(path.join(state, 'salts'), { recursive: true })],
  [
    'the salts replaced by others',
    (state: string) => {
      for (const name of readdirSync(path.join(state, 'salts'))) {
        const file = path.join(state, 'salts', name);
        const text = readFileSync(file, 'utf8').replace(/"salt":"......../, '"salt":"00000000');
        rmSync(file);
        writeFileSync(file, text, { mode: 0o600 });
      }
    },
  ],
] as const) {
  test(`${what} while the daemon runs: a device keeps its salt, over a reload and a restart`, async (t) => {
    const { daemon, folder, enable, reload, hash } = await startWithAdmin(t, devices);
    assert.equal((await enable('api', 'api.log')).status, 204);
    const before = [await hash('file'), await hash('api')];
    const state = path.join(folder, 'state');
    take(state);
    const log = await reload(devices);
    assert.match(log, / reloaded /);
    assert.match(
      log,
      /error salt was gone or replaced while the daemon ran, and is written back device=file\//,
    );
    assert.deepEqual([await hash('file'), await hash('api')], before);
    assert.doesNotMatch(await reload(devices), /^error/m);
    assert.equal(await daemon.stop(), 0);
    await daemon.run();
    assert.deepEqual([await hash('file'), await hash('api')], before);
  });

  if (!what.includes('replaced')) {
    test(`${what}, and a stop without a reload: the next start has the salts that were in use`, async (t) => {
      const { daemon, folder, hash } = await startWithAdmin(t, devices);
      const before = await hash('file');
      take(path.join(folder, 'state'));
      assert.equal(await daemon.stop(), 0);
      assert.match(daemon.log, /error salt was gone/);
      await daemon.run();
      assert.equal(await hash('file'), before);
    });
  }
}

test('a lock and a table that are gone are made again at a reload', async (t) => {
  const { daemon, folder, enable, reload } = await startWithAdmin(t, devices);
  assert.equal((await enable('api', 'api.log')).status, 204);
  const state = path.join(folder, 'state');
  rmSync(path.join(state, 'lock'), { recursive: true });
  rmSync(path.join(state, 'table.json'));
  const log = await reload(devices);
  for (const name of ['lock', 'table.json']) {
    assert.match(
      log,
      new RegExp(`error state was gone while the daemon ran, and is made again name=${name}`),
    );
  }
  assert.ok(existsSync(path.join(state, 'table.json')));
  await assert.rejects(
    (await import('../../../daemon/state/state-directory.ts')).openStateDirectory(state),
    new RegExp(`it belongs to the running process ${daemon.pid}`),
  );
  assert.equal(await daemon.stop(), 0);
});

test('a salt that was overwritten in place is not put back, and the reload is refused', async (t) => {
  const { folder, reload, hash } = await startWithAdmin(t, devices);
  const before = await hash('file');
  const file = path.join(folder, 'state/salts/file%2f');
  cpSync(file, `${folder}/copy`);
  writeFileSync(file, 'x'.repeat(80));
  assert.match(await reload(devices), /not reloaded.*Cannot use salt/);
  rmSync(file);
  assert.match(await reload(devices), /not reloaded.*Cannot use salt/);
  assert.equal(existsSync(file), false, 'no other salt is made');
  assert.equal(await hash('file'), before);
  cpSync(`${folder}/copy`, file);
  await reload(devices);
  assert.equal(await hash('file'), before);
});
