import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdminPlace, callAdmin, exchangeBytes } from './admin-client.ts';
import { startAdmin, token, writeTokenFile } from './in-process.ts';

const sys = '/v1/sys';
const auth = '/v1/auth/token';

/** What surrounds an answer of Vault, member for member. */
function assertEnvelope(body: Record<string, unknown>): void {
  assert.match(String(body['request_id']), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const { lease_id, renewable, lease_duration, wrap_info, warnings } = body;
  assert.deepEqual(
    { lease_id, renewable, lease_duration, wrap_info, warnings },
    { lease_id: '', renewable: false, lease_duration: 0, wrap_info: null, warnings: null },
  );
}

test('who is authorized is told what Terraform and hvac ask of a token, and no secret is made', async (t) => {
  const admin = await startAdmin(t, (folder) => ({
    address: { host: '127.0.0.1', port: 0 },
    tokenFile: writeTokenFile(folder),
    tls: null,
  }));
  const places: [AdminPlace, string][] = [
    [admin.remote(token), token],
    [admin.local, ''],
    [{ ...admin.local, headers: { 'X-Vault-Token': 'any' } }, 'any'],
    [{ ...admin.remote(), headers: { Authorization: `Bearer ${token}` } }, token],
  ];
  for (const [place, shown] of places) {
    const found = await callAdmin(place, 'GET', `${auth}/lookup-self`);
    assert.equal(found.status, 200);
    assertEnvelope(found.body);
    assert.equal(found.body.auth, null);
    const { creation_time: time, ...data } = found.body.data;
    assert.ok(Number.isInteger(time) && time > 0);
    assert.deepEqual(data, {
      accessor: '',
      creation_ttl: 0,
      display_name: 'root',
      entity_id: '',
      expire_time: null,
      explicit_max_ttl: 0,
      id: shown,
      meta: null,
      num_uses: 0,
      orphan: true,
      path: 'auth/token/root',
      policies: ['root'],
      renewable: false,
      ttl: 0,
      type: 'service',
    });
    for (const call of ['create', 'renew-self']) {
      const answer = await callAdmin(place, 'POST', `${auth}/${call}`, {
        ttl: '20m',
        display_name: 'terraform',
      });
      assert.equal(answer.status, 200);
      assertEnvelope(answer.body);
      assert.equal(answer.body.data, null);
      assert.equal(answer.body.auth.client_token, shown);
      assert.deepEqual(answer.body.auth.policies, ['root']);
      assert.equal(answer.body.auth.lease_duration, 0);
    }
    assert.equal((await callAdmin(place, 'PUT', `${auth}/revoke-self`)).status, 204);
    assert.equal((await callAdmin(place, 'GET', `${auth}/lookup-self`)).status, 200);
  }
  const own = await callAdmin(admin.local, 'POST', `${auth}/create`, { id: 'a-token-of-my-own' });
  assert.equal(own.status, 400);
  assert.match(own.body.errors[0], /admin\.tcp\.token_file/);
  for (const path of ['lookup-self', 'create', 'renew-self', 'revoke-self']) {
    for (const method of ['GET', 'POST']) {
      const denied = await callAdmin(admin.remote(), method, `${auth}/${path}`);
      assert.deepEqual([denied.status, denied.body], [403, { errors: ['permission denied'] }]);
    }
  }
});

test('capabilities are told for each path, and for one at the top as well', async (t) => {
  const { local } = await startAdmin(t);
  const ask = (body: unknown) => callAdmin(local, 'POST', `${sys}/capabilities-self`, body);
  const one = await ask({ paths: ['sys/audit/file'] });
  assertEnvelope(one.body);
  assert.deepEqual(one.body.data, { 'sys/audit/file': ['root'], capabilities: ['root'] });
  assert.deepEqual(one.body.capabilities, ['root']);
  assert.deepEqual((await ask({ path: 'a' })).body.data, { a: ['root'], capabilities: ['root'] });
  assert.deepEqual((await ask({ paths: 'a,b' })).body.data, { a: ['root'], b: ['root'] });
  assert.deepEqual((await ask({})).body, { errors: ['paths must be supplied'] });
});

test('the state of the server needs no token over TCP, and nothing else does without', async (t) => {
  const admin = await startAdmin(t, (folder) => ({
    address: { host: '127.0.0.1', port: 0 },
    tokenFile: writeTokenFile(folder),
    tls: null,
  }));
  const status = async (method: string, path: string): Promise<number> =>
    (await callAdmin(admin.remote(), method, path)).status;
  for (const path of ['seal-status', 'init', 'leader', 'health']) {
    assert.equal(await status('GET', `${sys}/${path}`), 200, path);
    assert.equal(await status('HEAD', `${sys}/${path}?standbyok=true`), 200, path);
    assert.equal(await status('PUT', `${sys}/${path}`), 403, path);
    assert.equal(await status('GET', `${sys}/${path}/`), 403, path);
  }
  assert.deepEqual((await callAdmin(admin.remote(), 'GET', `${sys}/init`)).body, { initialized: true });
  for (const path of [
    '/readyz',
    '/metrics',
    '/healthz',
    `${sys}/audit`,
    `${sys}/health/../audit`,
    `${sys}//health`,
    `${sys}/audit?/v1/sys/health`,
    `${sys}/audit#/v1/sys/health`,
  ]) {
    assert.equal(await status('GET', path), 403, path);
  }
});

test('a body of null is none, and an empty "hmac" is false', async (t) => {
  const { local, control } = await startAdmin(t);
  for (const body of ['null', ' null\n', '', ' ']) {
    assert.equal((await callAdmin(local, 'POST', `${sys}/audit/x`, body)).status, 204, body);
    await callAdmin(local, 'DELETE', `${sys}/audit/x`);
    assert.equal((await callAdmin(local, 'POST', `${auth}/revoke-self`, body)).status, 204, body);
  }
  for (const body of ['{"hmac":""}', '{"hmac":null}', '{}', 'null']) {
    const path = `${sys}/config/auditing/request-headers/x-a`;
    assert.equal((await callAdmin(local, 'POST', path, body)).status, 204, body);
    assert.deepEqual([...control.headers()], [['x-a', { hmac: false }]]);
    await callAdmin(local, 'DELETE', path);
  }
});

test('options come as a list of pairs or as one pair, too', async (t) => {
  const { local, control } = await startAdmin(t);
  for (const [sent, options] of [
    [
      ['file_path=/x', 'mode=0600', 'prefix=a=b', 'empty='],
      { file_path: '/x', mode: '0600', prefix: 'a=b', empty: '' },
    ],
    ['file_path=/x', { file_path: '/x' }],
    [[], {}],
  ] as const) {
    const reply = await callAdmin(local, 'POST', `${sys}/audit/x`, { type: 'file', options: sent });
    assert.equal(reply.status, 204, reply.text);
    assert.deepEqual(control.table.get('x/')!.options, options);
    await callAdmin(local, 'DELETE', `${sys}/audit/x`);
  }
  for (const sent of ['s.secret', ['s.secret'], [5], ['=s.secret'], 5, true, [{ a: 's.secret' }]]) {
    const reply = await callAdmin(local, 'POST', `${sys}/audit/x`, { type: 'file', options: sent });
    assert.equal(reply.status, 400, JSON.stringify(sent));
    assert.match(reply.body.errors[0], /^Cannot use field "options": wanted/);
    assert.doesNotMatch(reply.text, /secret/);
  }
});

test('LIST of a path that has nothing below it is an operation that there is not', async (t) => {
  const { local } = await startAdmin(t);
  for (const [path, status] of [
    ['/v1/sys/audit/file', 405],
    ['/v1/sys/audit/file/', 405],
    ['/v1/sys/audit-hash/file', 405],
    ['/v1/sys/mounts/secret/tune', 405],
    ['/v1/sys/config/auditing/request-headers/x-a', 405],
    ['/v1/sys/seal-status', 405],
    ['/v1/auth/token/lookup-self', 405],
    ['/v1/sys/audit', 404],
    ['/v1/sys/audit/', 404],
    ['/v1/sys/config/auditing/request-headers', 404],
    ['/v1/sys/nothing', 404],
    ['/v1/%zz', 400],
  ] as const) {
    const bytes = await exchangeBytes(local.socketPath, `LIST ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.equal(Number(bytes.split(' ')[1]), status, `LIST ${path}`);
    assert.equal((await callAdmin(local, 'GET', `${path}?list=true`)).status, status, `${path}?list=true`);
  }
});

test('path-help says what a path is for, and what is below', async (t) => {
  const { local } = await startAdmin(t);
  const help = async (path: string) => callAdmin(local, 'GET', `/v1/${path}?help=1`);
  const audit = await help('sys/audit/file');
  assert.equal(audit.status, 200);
  assert.match(audit.body.help, /Enable a device.*\n\nMethods: PUT, POST, DELETE\n/s);
  assert.equal(audit.body.see_also, null);
  for (const path of [
    'sys',
    'sys/',
    'auth/token',
    'sys/audit',
    'sys/mounts/a/b/tune',
    'sys/capabilities-self',
  ]) {
    assert.ok((await help(path)).body.help.length > 20, path);
  }
  assert.match((await help('sys')).body.help, /sys\/config\/auditing\/request-headers\/:name\n/);
  assert.doesNotMatch((await help('sys')).body.help, /auth\/token/);
  assert.equal((await help('secret')).status, 404);
});

const requestKeys = 'audit_non_hmac_request_keys';

test('a mount in a namespace is another one than that of the root, whoever writes the namespace how', async (t) => {
  const { local, control } = await startAdmin(t);
  const inside = (namespace: string): AdminPlace => ({
    ...local,
    headers: { 'X-Vault-Namespace': namespace },
  });
  const tune = (place: AdminPlace, path: string, key: string) =>
    callAdmin(place, 'POST', `${sys}/${path}/tune`, Buffer.from(JSON.stringify({ [requestKeys]: [key] })));
  const keys = (mount: string): readonly string[] => control.mountKeys(mount).requestKeys;
  assert.equal((await tune(inside('ns1'), 'mounts/secret', 'a')).status, 204);
  assert.deepEqual([keys('ns1/secret/'), keys('secret/')], [['a'], []]);
  for (const namespace of ['ns1', 'ns1/', '/ns1', '/ns1/']) {
    const reply = await callAdmin(inside(namespace), 'GET', `${sys}/mounts/secret/tune`);
    assert.deepEqual(reply.body[requestKeys], ['a'], namespace);
  }
  for (const namespace of ['', '/', 'root', 'root/', '/root/']) {
    await tune(inside(namespace), 'mounts/secret', 'r');
    assert.deepEqual(keys('secret/'), ['r'], namespace);
    assert.deepEqual(keys('ns1/secret/'), ['a']);
  }
  assert.deepEqual(
    (await callAdmin(inside('ns1/team'), 'GET', `${sys}/mounts/secret/tune`)).body[requestKeys],
    [],
  );
  await tune(inside('ns1/team/'), 'auth/token', 'b');
  await tune(inside('ns1'), 'mounts/auth/token', 'c');
  await tune(inside(Buffer.from('äöü').toString('latin1')), 'mounts/secret', 'd');
  assert.deepEqual(['ns1/team/auth/token/', 'ns1/auth/token/', 'äöü/secret/'].map(keys), [
    ['b'],
    ['c'],
    ['d'],
  ]);
});

test('a namespace that is none is refused, and so is a change that is not a namespace’s', async (t) => {
  const { local, control } = await startAdmin(t);
  const inside = (...namespaces: string[]): AdminPlace => ({
    ...local,
    headers: { 'X-Vault-Namespace': namespaces },
  });
  for (const namespace of ['../x', 'a/../b', './a', 'a//b', '//a', 'a b', 'a/.']) {
    for (const method of ['GET', 'POST']) {
      const reply = await callAdmin(inside(namespace), method, `${sys}/mounts/secret/tune`);
      assert.equal(reply.status, 400, namespace);
      assert.match(reply.body.errors[0], /^Cannot use namespace ".*": wanted one such as ns1\/ /);
    }
  }
  assert.equal((await callAdmin(inside('a', 'b'), 'GET', `${sys}/mounts/secret/tune`)).status, 400);
  for (const [method, path] of [
    ['POST', 'audit/x'],
    ['DELETE', 'audit/x'],
    ['PUT', 'config/auditing/request-headers/x-a'],
    ['DELETE', 'config/auditing/request-headers/x-a'],
  ] as const) {
    const reply = await callAdmin(inside('ns1'), method, `${sys}/${path}`);
    assert.equal(reply.status, 400);
    assert.match(
      reply.body.errors[0],
      /belong to all namespaces and cannot be changed in "ns1\/": leave out/,
    );
    assert.equal((await callAdmin(inside('root'), method, `${sys}/${path}`)).status, 204);
  }
  assert.equal(control.table.size, 0);
  // What is only read is the same in all of them.
  assert.equal((await callAdmin(inside('ns1'), 'GET', `${sys}/audit`)).status, 200);
  assert.equal((await callAdmin(inside('ns1'), 'POST', `${sys}/audit-hash/x`, { input: 'a' })).status, 200);
});
