import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConfigOverrides, fileDevice } from '../../support/daemon-process.ts';
import { configurationIn, startInProcess } from '../../support/in-process-daemon.ts';
import { RecordClient } from '../../support/record-client.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { linesSoFar } from '../../support/whole-lines.ts';
import { type AdminReply, callAdmin } from './admin-client.ts';

const declared = {
  audited_headers: { 'X-Secret': { hmac: true } },
  mounts: { secret: { audit_non_hmac_request_keys: ['cas'] } },
};

const requestKeys = (...keys: string[]): unknown => ({ audit_non_hmac_request_keys: keys });

interface Running {
  readonly configFile: string;
  call(method: string, target: string, body?: unknown): Promise<AdminReply>;
  /** Reloads, or starts anew; resolves with what was logged of it. */
  reload(overrides: ConfigOverrides): Promise<string>;
  restart(overrides: ConfigOverrides): Promise<string>;
  /** How a record's header, and the key `password` of its mount, are written now. */
  written(): Promise<{ readonly header: string; readonly key: string }>;
}

async function start(t: TestContext, overrides: ConfigOverrides): Promise<Running> {
  const folder = temporaryDirectory(t);
  const socketPath = path.join(folder, 'admin.sock');
  const configured = (now: ConfigOverrides) =>
    configurationIn(folder, { devices: { 'file/': fileDevice }, ...now });
  let running = startInProcess(t, await configured(overrides), { speed: 1 });
  await running.daemon.started;
  return {
    configFile: path.join(folder, 'config.yaml'),
    call: (method, target, body) => callAdmin({ socketPath }, method, `/v1/sys/${target}`, body),
    async reload(now) {
      const before = running.log.length;
      await running.daemon.reload(await configured(now));
      return running.log.slice(before).join('\n');
    },
    async restart(now) {
      await running.daemon.stop();
      running = startInProcess(t, await configured(now), { speed: 1 });
      await running.daemon.started;
      return running.log.join('\n');
    },
    async written() {
      const client = await RecordClient.connect(t, path.join(folder, 'ingest.sock'));
      const request = {
        headers: { 'X-Secret': ['open'] },
        mount_point: 'secret/',
        data: { password: 'open' },
      };
      client.send(JSON.stringify({ type: 'request', request }));
      assert.deepEqual(await client.replied(1), [{ ok: true }]);
      client.socket.destroy();
      const line = JSON.parse(linesSoFar(path.join(folder, 'audit.log')).at(-1)!);
      return { header: line.request.headers['x-secret'][0], key: line.request.data.password };
    },
  };
}

test('what the configuration file says of a header or a mount is not overridden through the API', async (t) => {
  const { configFile, call, written } = await start(t, declared);
  const refused = async (method: string, target: string, key: string, body?: unknown): Promise<void> => {
    const reply = await call(method, target, body);
    assert.equal(reply.status, 400, `${method} ${target}: ${reply.text}`);
    const message = reply.body.errors[0];
    assert.match(message, / is declared in the configuration file: /);
    assert.ok(message.includes(configFile) && message.includes(`"${key}"`), message);
  };
  const headers = 'config/auditing/request-headers';
  await refused('PUT', `${headers}/X-SECRET`, 'audited_headers.x-secret', { hmac: false });
  await refused('POST', `${headers}/x-secret`, 'audited_headers.x-secret');
  await refused('DELETE', `${headers}/X-Secret`, 'audited_headers.x-secret');
  await refused('POST', 'mounts/secret/tune', 'mounts.secret/', requestKeys('password'));
  await refused('PUT', 'mounts/secret//tune', 'mounts.secret/', { audit_non_hmac_response_keys: 'password' });
  assert.deepEqual((await call('GET', headers)).body.data, { headers: { 'x-secret': { hmac: true } } });
  assert.deepEqual((await call('GET', 'mounts/secret/tune')).body.data, {
    audit_non_hmac_request_keys: ['cas'],
    audit_non_hmac_response_keys: [],
  });
  const { header, key } = await written();
  assert.match(header, /^hmac-sha256:/);
  assert.match(key, /^hmac-sha256:/);

  // Of other fields nothing is kept, so they override nothing; another mount, or one of a namespace, is another.
  assert.equal((await call('POST', 'mounts/secret/tune', { description: 'x' })).status, 204);
  assert.equal((await call('POST', 'mounts/secrets/tune', requestKeys('a'))).status, 204);
  assert.equal((await call('POST', 'mounts/auth/secret/tune', requestKeys('a'))).status, 204);
  assert.equal((await call('PUT', `${headers}/x-other`, { hmac: false })).status, 204);
  assert.equal((await call('DELETE', `${headers}/x-other`)).status, 204);
});

test('what was set through the API and contradicts the configuration file is not in force, and the log says so', async (t) => {
  const { configFile, call, reload, restart, written } = await start(t, {});
  const open = { header: 'open', key: 'open' };
  await call('PUT', 'config/auditing/request-headers/x-secret', { hmac: false });
  await call('PUT', 'config/auditing/request-headers/x-same', { hmac: true });
  await call('POST', 'mounts/secret/tune', requestKeys('password'));
  await call('POST', 'mounts/same/tune', requestKeys('b', 'a'));
  assert.deepEqual(await written(), open);

  const closed = {
    audited_headers: { ...declared.audited_headers, 'x-same': {} },
    mounts: { ...declared.mounts, same: requestKeys('a', 'b') },
  };
  const warnings = (log: string): string[] => log.split('\n').filter((line) => /overruled/.test(line));
  const isClosed = async (log: string): Promise<void> => {
    assert.equal(warnings(log).length, 1, log);
    const [warning = ''] = warnings(log);
    assert.match(warning, /^warn.*audited_headers\.x-secret.*mounts\.secret\//);
    assert.ok(warning.includes(configFile), warning);
    assert.doesNotMatch(warning, /same/);
    const { header, key } = await written();
    assert.match(header, /^hmac-sha256:/);
    assert.match(key, /^hmac-sha256:/);
    const { headers } = (await call('GET', 'config/auditing/request-headers')).body.data;
    assert.deepEqual(headers['x-secret'], { hmac: true });
    const mount = (await call('GET', 'mounts/secret/tune')).body.data;
    assert.deepEqual(mount.audit_non_hmac_request_keys, ['cas']);
  };
  await isClosed(await reload(closed));
  // A change of something else keeps to the file, too.
  assert.equal((await call('PUT', 'config/auditing/request-headers/x-new', { hmac: true })).status, 204);
  assert.match((await written()).header, /^hmac-sha256:/);
  await isClosed(await restart(closed));

  assert.deepEqual(warnings(await reload({})), []);
  assert.deepEqual(await written(), open);
});
