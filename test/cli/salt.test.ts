import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { callAdmin } from '../daemon/admin/admin-client.ts';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { runCommand } from './command.ts';

const second = { type: 'file', options: { file_path: 'FOLDER/second.log' } };
const both = { devices: { 'file/': fileDevice, 'second/': second } };

interface Salt {
  readonly device: string;
  readonly in_use: boolean;
  readonly since: string;
  readonly unused_since: string | null;
}

/** A daemon, and `salt …` for it. */
async function daemonWithSalts(t: TestContext, overrides: Record<string, unknown>) {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), overrides);
  const salt = (...words: string[]) => runCommand(t, ['salt', ...words, '--config', daemon.configFile]);
  return {
    daemon,
    salt,
    async listed(): Promise<Salt[]> {
      const { stdout, stderr, code } = await salt('list', '--json');
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    },
    async reload(config: Record<string, unknown>): Promise<void> {
      daemon.configure(config);
      const before = daemon.log.length;
      daemon.signal('SIGHUP');
      await waitFor('the reload is over', () => /reloaded/.test(daemon.log.slice(before)));
    },
    api: (method: 'DELETE' | 'POST', target: string, body?: unknown) =>
      callAdmin({ socketPath: path.join(daemon.folder, 'admin.sock') }, method, target, body),
    async hash(device: string): Promise<string> {
      const { stdout, stderr } = await runCommand(
        t,
        ['hash', '-d', device, '--socket', path.join(daemon.folder, 'admin.sock')],
        { input: 'known' },
      );
      assert.equal(stderr, '');
      return stdout.trim();
    },
  };
}

test('a device that the configuration forgets gets its salt back when it is there again', async (t) => {
  const { daemon, listed, reload, hash } = await daemonWithSalts(t, both);
  const before = await hash('second/');
  for (const [index, forgetful] of [{ devices: {} }, { devices: { 'secnd/': second } }].entries()) {
    await reload(forgetful);
    const gone = (await listed()).find(({ device }) => device === 'second/')!;
    assert.equal(gone.in_use, false);
    assert.ok(Date.parse(gone.since) <= Date.parse(gone.unused_since!), JSON.stringify(gone));
    if (index === 0) {
      assert.equal(await daemon.stop(), 0);
      assert.equal((await listed()).filter((each) => each.in_use).length, 0, 'also when no daemon runs');
      await daemon.run();
    }
  }
  await reload(both);
  assert.equal(await hash('second/'), before);
  assert.deepEqual(
    (await listed()).map(({ device, in_use, unused_since }) => [device, in_use, unused_since !== null]),
    [
      ['file/', true, false],
      ['secnd/', false, true],
      ['second/', true, false],
    ],
  );
});

test('what was enabled through the API keeps its salt when the table is lost, until somebody destroys it', async (t) => {
  const { daemon, listed, salt, api, hash } = await daemonWithSalts(t, {
    devices: { 'file/': fileDevice },
    admin: { path: 'FOLDER/admin.sock', file_roots: ['FOLDER'] },
  });
  const device = { type: 'file', options: { file_path: path.join(daemon.folder, 'api.log') } };
  const enable = async (): Promise<void> =>
    assert.equal((await api('POST', '/v1/sys/audit/api', device)).status, 204);
  await enable();
  const before = await hash('api/');
  assert.equal(await daemon.stop(), 0);
  rmSync(path.join(daemon.folder, 'state/table.json'));
  await daemon.run();
  assert.deepEqual(
    (await listed()).map((each) => [each.device, each.in_use]),
    [
      ['api/', false],
      ['file/', true],
    ],
  );
  await enable();
  assert.equal(await hash('api/'), before);
  assert.match((await api('DELETE', '/v1/sys/audit-salts/api')).body.errors[0], /: it is in use$/);

  // A device that is disabled takes its salt along.
  assert.equal((await api('DELETE', '/v1/sys/audit/api')).status, 204);
  assert.deepEqual(
    (await listed()).map((each) => each.device),
    ['file/'],
  );
  await enable();
  assert.notEqual(await hash('api/'), before);

  // And so does a call to disable one that is gone already.
  assert.equal(await daemon.stop(), 0);
  rmSync(path.join(daemon.folder, 'state/table.json'));
  await daemon.run();
  assert.equal((await api('DELETE', '/v1/sys/audit/api')).status, 204);
  assert.equal((await api('DELETE', '/v1/sys/audit/api')).status, 204);
  assert.equal((await api('DELETE', '/v1/sys/audit-salts/api')).status, 404);
  const { code, stderr } = await salt('destroy', 'api', '--yes');
  assert.equal(code, 1);
  assert.match(stderr, /: Cannot find a salt of device "api\/": there is "file\/"\n$/);
});

test('salt destroy destroys what is not in use, when it is told to, with and without a daemon', async (t) => {
  const { daemon, listed, salt, reload, hash } = await daemonWithSalts(t, both);
  const kept = await hash('file/');
  const refused = await salt('destroy', 'second', '--yes');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /: Cannot destroy the salt of device "second\/": it is in use; disable/);
  await reload({ devices: { 'file/': fileDevice } });

  const unsure = await salt('destroy', 'second');
  assert.equal(unsure.code, 2);
  assert.match(unsure.stderr, /: wanted --yes: there is no terminal to ask on\n$/);
  assert.equal((await listed()).length, 2);
  const destroyed = await salt('destroy', 'second', '--yes');
  assert.deepEqual(destroyed, { code: 0, stdout: 'The salt of device "second/" is destroyed\n', stderr: '' });
  assert.match(daemon.log, /info {2}salt destroyed device=second\//);
  assert.deepEqual(readdirSync(path.join(daemon.folder, 'state/salts')), ['file%2f']);

  await reload(both);
  await reload({ devices: { 'file/': fileDevice } });
  assert.equal(await daemon.stop(), 0);
  assert.equal((await salt('destroy', 'file', '--yes')).code, 1, 'the configuration has it');
  assert.equal((await salt('destroy', 'second', '--yes')).code, 0);
  assert.equal((await salt('destroy', 'second', '--yes')).code, 1);
  await daemon.run();
  assert.equal(await hash('file/'), kept);
});

test('salt destroy leaves the state of a daemon alone that does not answer where the configuration says', async (t) => {
  const { daemon, salt, reload } = await daemonWithSalts(t, both);
  await reload({ devices: { 'file/': fileDevice } });
  daemon.configure({ devices: { 'file/': fileDevice }, admin: { path: 'FOLDER/other.sock' } });
  const refused = await salt('destroy', 'second', '--yes');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /: it belongs to the running process \d+; stop that one first/);
  assert.equal(readdirSync(path.join(daemon.folder, 'state/salts')).length, 2);
  assert.equal((await salt('list', '--socket', 'x')).code, 2);
});
