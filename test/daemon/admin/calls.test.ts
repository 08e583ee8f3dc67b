import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listRequest } from '../../../daemon/admin/responder.ts';
import { type AdminReply, callAdmin, exchangeBytes } from './admin-client.ts';
import { startAdmin } from './in-process.ts';

const notSupported = (what: string): unknown => ({
  errors: [`1 error occurred:\n\t* unsupported ${what}\n\n`],
});

test('numbers and booleans among the options become text, in the spelling they had', async (t) => {
  const { local, control } = await startAdmin(t);
  const sent =
    '{"type":"file","description":"copy","local":"T","options":{"mode":600,"big":12345678901234567890,"rate":1.50,"on":true,"off":false,"text":"x","__proto__":"p"},"other":[1]}';
  const reply = await callAdmin(local, 'PUT', '/v1/sys/audit/site/copy', sent);
  assert.equal(reply.status, 204, reply.text);
  assert.equal(reply.text, '');
  const { options, ...rest } = control.table.get('site/copy/')!;
  assert.deepEqual(rest, {
    path: 'site/copy/',
    type: 'file',
    description: 'copy',
    local: true,
    declared: 'api',
  });
  assert.deepEqual(Object.entries(options), [
    ['mode', '600'],
    ['big', '12345678901234567890'],
    ['rate', '1.50'],
    ['on', 'true'],
    ['off', 'false'],
    ['text', 'x'],
    ['__proto__', 'p'],
  ]);
});

test('a field or option that cannot be read is named, and its value is not repeated', async (t) => {
  const { local, control } = await startAdmin(t);
  const refusals: [string, string][] = [
    ['{"options":{"file_path":null}}', 'Cannot use option "file_path": wanted text, a number, true or false'],
    ['{"options":{"a":["s.secret"]}}', 'Cannot use option "a": wanted text, a number, true or false'],
    [
      '{"options":"s.secret"}',
      'Cannot use field "options": wanted an object, or a list of texts such as "key=value"',
    ],
    ['{"local":"s.secret"}', 'Cannot use field "local": wanted true or false'],
    ['{"type":{"a":"s.secret"}}', 'Cannot use field "type": wanted text'],
    ['{"description":["s.secret"]}', 'Cannot use field "description": wanted text'],
    ['{"type":"file","options":{"mode":0600}}', 'Cannot read request body: not JSON at line 1, column 35'],
    ['{"type": s.secret', 'Cannot read request body: not JSON at line 1, column 10'],
    ['["s.secret"]', 'Cannot read request body: wanted a JSON object'],
    [`{"a":${'['.repeat(70)}`, 'Cannot read request body: nested deeper than 64 levels'],
  ];
  for (const [sent, message] of refusals) {
    const reply = await callAdmin(local, 'POST', '/v1/sys/audit/x', sent);
    assert.deepEqual([reply.status, reply.body], [400, { errors: [message] }], sent);
    assert.equal(reply.headers['content-type'], 'application/json');
    assert.equal(reply.headers['cache-control'], 'no-store');
    assert.ok(reply.text.endsWith('}\n'));
  }
  assert.equal(control.table.size, 0);
});

test('a body that is not UTF-8 is refused, and one that is is taken', async (t) => {
  const { local, control } = await startAdmin(t);
  const sent = (text: Buffer): Promise<AdminReply> =>
    callAdmin(
      local,
      'POST',
      '/v1/sys/audit/x',
      Buffer.concat([Buffer.from('{"type":"file","description":"s.secret'), text, Buffer.from('"}')]),
    );
  // A byte that never occurs, a sequence cut short, one that is longer than it need be, and half a surrogate pair.
  for (const bytes of [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80]]) {
    const reply = await sent(Buffer.from(bytes));
    assert.deepEqual(
      [reply.status, reply.body],
      [400, { errors: ['Cannot read request body: it is not UTF-8'] }],
    );
  }
  assert.equal(control.table.size, 0);
  assert.equal((await sent(Buffer.from('ÿ\ufffd'))).status, 204);
  assert.equal(control.table.get('x/')?.description, 's.secretÿ\ufffd');
});

test('a body of more than a mebibyte is refused, with its length announced or not', async (t) => {
  const { local, control } = await startAdmin(t);
  const large = JSON.stringify({ type: 'file', description: 'd'.repeat(1024 * 1024) });
  const sent = await callAdmin(local, 'POST', '/v1/sys/audit/x', large);
  assert.deepEqual(
    [sent.status, sent.body],
    [413, { errors: ['Cannot read request body: it is longer than 1048576 bytes'] }],
  );
  const head = 'POST /v1/sys/audit/x HTTP/1.1\r\nHost: x\r\n';
  const chunk = `10000\r\n${'d'.repeat(65_536)}\r\n`;
  for (const bytes of [
    `${head}Content-Length: 1000000000\r\n\r\n{`,
    `${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}0\r\n\r\n`,
  ]) {
    assert.match(await exchangeBytes(local.socketPath, bytes), /^HTTP\/1\.1 413 /);
  }
  const body = '{"type":"file"}';
  const pieces = `POST /v1/sys/audit/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n${body.slice(0, 5)}\r\na\r\n${body.slice(5)}\r\n0\r\n\r\n`;
  assert.match(await exchangeBytes(local.socketPath, pieces), /^HTTP\/1\.1 204 /);
  assert.deepEqual([...control.table.keys()], ['x/']);
});

test('the list has Vault’s envelope', async (t) => {
  const { local } = await startAdmin(t);
  await callAdmin(local, 'POST', '/v1/sys/audit/file', { type: 'file', options: { file_path: '/x' } });
  const device = { path: 'file/', type: 'file', description: '', local: false, options: { file_path: '/x' } };
  const { body } = await callAdmin(local, 'GET', '/v1/sys/audit?anything=else');
  const { request_id: id, ...rest } = body;
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(rest, {
    'file/': device,
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: { 'file/': device },
    wrap_info: null,
    warnings: null,
    auth: null,
  });
});

test('paths are decoded once, and those that name no device are refused', async (t) => {
  const { local, control } = await startAdmin(t);
  const statuses: [string, number][] = [
    ['/v1/sys/audit/a%2Fb', 204],
    ['/v1/sys/audit/%25', 204],
    ['/v1/sys/audit/sp%20ace', 204],
    ['/v1/sys/audit/%C3%A4', 204],
    ['/v1/sys/audit/__proto__', 204],
    ['/v1/sys/audit/%', 400],
    ['/v1/sys/audit/%zz', 400],
    ['/v1/sys/audit/%ff', 400],
    ['/v1/sys/audit/..', 400],
    ['/v1/sys/audit/../x', 400],
    ['/v1/sys/audit/%2e%2e/x', 400],
    ['/v1/sys/audit//x', 400],
    ['/v1/sys/audit/a%00b', 400],
    ['/v1/sys/audit/a%0Ab', 400],
    ['/v1/sys/audit/x/', 400],
    [`/v1/sys/audit/${'x'.repeat(300)}`, 400],
    ['/V1/sys/audit/x', 404],
    ['/v1//sys/audit/x', 404],
    ['/', 404],
    ['/constructor', 404],
  ];
  for (const [path, status] of statuses) {
    const reply = await callAdmin(local, 'POST', path, { type: 'file' });
    assert.equal(reply.status, status, `${path}: ${reply.text}`);
  }
  assert.deepEqual([...control.table.keys()], ['a/b/', '%/', 'sp ace/', 'ä/', '__proto__/']);
  const list = await callAdmin(local, 'GET', '/v1/sys/audit');
  assert.deepEqual(Object.keys(list.body.data).sort(), [...control.table.keys()].sort());
});

test('what is hashed is the text of the input', async (t) => {
  const { local, control } = await startAdmin(t);
  for (const input of [
    '"s.secret"',
    '12345',
    '1.0',
    '12345678901234567890',
    'true',
    'false',
    '"\\u00e4\\n"',
  ]) {
    const reply = await callAdmin(local, 'POST', '/v1/sys/audit-hash/site/copy', `{"input":${input}}`);
    assert.deepEqual(
      [reply.body.hash, reply.body.data],
      ['hash at site/copy/', { hash: 'hash at site/copy/' }],
    );
  }
  assert.deepEqual(control.hashed, ['s.secret', '12345', '1.0', '12345678901234567890', '1', '0', 'ä\n']);
  for (const sent of ['', '{}', '{"input":""}', '{"input":null}']) {
    const reply = await callAdmin(local, 'PUT', '/v1/sys/audit-hash/file', sent);
    assert.deepEqual([reply.status, reply.body], [400, { errors: ['the "input" parameter is empty'] }]);
  }
  const list = await callAdmin(local, 'PUT', '/v1/sys/audit-hash/file', '{"input":["s.secret"]}');
  assert.deepEqual([list.status, list.body], [400, { errors: ['Cannot use field "input": wanted text'] }]);
});

test('audited headers are set, read in the spelling asked for, and deleted', async (t) => {
  const { local } = await startAdmin(t);
  const all = '/v1/sys/config/auditing/request-headers';
  for (const [name, sent] of [
    ['X-One', '{"hmac":true}'],
    ['x-two', '{"hmac":"f"}'],
    ['data', '{"hmac":1}'],
    ['x-four', ''],
  ]) {
    assert.equal((await callAdmin(local, 'PUT', `${all}/${name}`, sent)).status, 204);
  }
  const expected = {
    'x-one': { hmac: true },
    'x-two': { hmac: false },
    data: { hmac: true },
    'x-four': { hmac: false },
  };
  assert.deepEqual((await callAdmin(local, 'GET', all)).body.headers, expected);
  assert.deepEqual((await callAdmin(local, 'GET', `${all}/X-ONE`)).body['X-ONE'], { hmac: true });
  assert.deepEqual((await callAdmin(local, 'GET', `${all}/data`)).body.data, { data: { hmac: true } });
  assert.equal((await callAdmin(local, 'DELETE', `${all}/x-One`)).status, 204);
  const gone = await callAdmin(local, 'GET', `${all}/x-one`);
  assert.deepEqual([gone.status, gone.body], [400, { errors: ['Could not find header in config'] }]);
  const wrong = await callAdmin(local, 'PUT', `${all}/x`, '{"hmac":"yes"}');
  assert.deepEqual(
    [wrong.status, wrong.body],
    [400, { errors: ['Cannot use field "hmac": wanted true or false'] }],
  );
});

test('tuning sets the lists that are sent and leaves the other as it was', async (t) => {
  const { local } = await startAdmin(t);
  const tune = (mount: string, sent: unknown) => callAdmin(local, 'POST', `/v1/sys/${mount}/tune`, sent);
  const keys = async (mount: string): Promise<unknown[]> => {
    const { body } = await callAdmin(local, 'GET', `/v1/sys/${mount}/tune`);
    assert.deepEqual(body.data.audit_non_hmac_request_keys, body.audit_non_hmac_request_keys);
    return [body.audit_non_hmac_request_keys, body.audit_non_hmac_response_keys];
  };
  assert.deepEqual(await keys('mounts/secret'), [[], []]);
  const sent = {
    audit_non_hmac_request_keys: ['cas', ' id '],
    description: { ignored: true },
    options: null,
  };
  assert.equal((await tune('mounts/secret', sent)).status, 204);
  assert.equal(
    (await tune('mounts/secret/', { audit_non_hmac_response_keys: 'version, created ,' })).status,
    204,
  );
  assert.deepEqual(await keys('mounts/secret'), [
    ['cas', 'id'],
    ['version', 'created'],
  ]);
  await tune('mounts/secret', { audit_non_hmac_request_keys: '' });
  assert.deepEqual(await keys('mounts/secret'), [[], ['version', 'created']]);

  await tune('auth/token', { audit_non_hmac_request_keys: ['ttl'] });
  assert.deepEqual(await keys('mounts/auth/token'), [['ttl'], []]);
  const wrong = await tune('mounts/secret', { audit_non_hmac_request_keys: [{}] });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /Cannot use field \\"audit_non_hmac_request_keys\\": wanted a list of texts/);
  assert.equal((await tune('mounts//secret', {})).status, 400);
});

test('a name that no policy can hold is refused before it is stored', async (t) => {
  const { local, control } = await startAdmin(t);
  const long = 'x'.repeat(1025);
  const sys = '/v1/sys';
  for (const [path, sent] of [
    [`${sys}/config/auditing/request-headers/${long}`, { hmac: true }],
    [`${sys}/mounts/${long}/tune`, {}],
    [`${sys}/mounts/secret/tune`, { audit_non_hmac_request_keys: ['fine', long] }],
    [`${sys}/mounts/secret/tune`, { audit_non_hmac_response_keys: long }],
  ] as const) {
    const reply = await callAdmin(local, 'POST', path, sent);
    assert.equal(reply.status, 400);
    assert.match(reply.body.errors[0], /^Cannot use \w+ "x{32}…": it is longer than 1024 bytes$/);
  }
  assert.equal(control.headers().size, 0);
  assert.deepEqual(control.mountKeys('secret/').requestKeys, []);
});

test('other methods and paths get the answers that clients of Vault know', async (t) => {
  const { local } = await startAdmin(t);
  const answers: [string, string, number, 'path' | 'operation'][] = [
    ['GET', '/v1/sys/audit?list=true', 404, 'path'],
    ['GET', '/v1/sys/audit/', 404, 'path'],
    ['DELETE', '/v1/sys/audit/', 404, 'path'],
    ['GET', '/v1/sys/mounts', 404, 'path'],
    ['GET', '/', 404, 'path'],
    ['PUT', '/v1/sys/audit', 405, 'operation'],
    ['GET', '/v1/sys/audit/file', 405, 'operation'],
    ['PATCH', '/v1/sys/audit/file', 405, 'operation'],
    ['GET', '/v1/sys/audit-hash/file', 405, 'operation'],
    ['POST', '/v1/sys/health', 405, 'operation'],
    ['DELETE', '/v1/sys/mounts/secret/tune', 405, 'operation'],
  ];
  for (const [method, path, status, what] of answers) {
    const reply = await callAdmin(local, method, path);
    assert.deepEqual([reply.status, reply.body], [status, notSupported(what)], `${method} ${path}`);
  }
  for (const path of ['audit/', 'audit/x/', 'audit-hash/file/', 'mounts/secret/tune/']) {
    const reply = await callAdmin(local, 'POST', `/v1/sys/${path}`, {});
    assert.deepEqual([reply.status, reply.body], [400, { errors: ["cannot write to a path ending in '/'"] }]);
  }
  const moved = await callAdmin(local, 'POST', '/v1/sys/audit-hash', { input: 'x' });
  assert.deepEqual([moved.status, moved.text, moved.headers.location], [307, '', '/v1/sys/audit-hash/']);
});

test('LIST is answered though Node does not know it, on a connection of its own', async (t) => {
  const { local } = await startAdmin(t);
  const answer = await exchangeBytes(
    local.socketPath,
    'LIST /v1/sys/audit HTTP/1.1\r\nHost: x\r\nX-Vault-Token: s.secret\r\n\r\n',
  );
  assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.deepEqual(JSON.parse(answer.split('\r\n\r\n')[1]!), notSupported('path'));
  assert.match(await exchangeBytes(local.socketPath, 'LIST / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 404 /);
  for (const start of [
    'LISTEN / HTTP/1.1',
    'LIST x HTTP/1.1',
    'LIST / x HTTP/1.1',
    'LIST / HTTP/1.12',
    ' LIST / HTTP/1.1',
  ]) {
    assert.match(await exchangeBytes(local.socketPath, `${start}\r\n\r\n`), /^HTTP\/1\.1 400 /, start);
  }
});

// Each takes microseconds. A pattern that tries every blank as the last one takes a tenth of a second, and these a minute.
test('a header full of blanks in a call that is refused unread takes no time', { timeout: 60_000 }, () => {
  const start = Buffer.from(`LIST /x HTTP/1.1\r\nX: a${' '.repeat(8100)}b\r\nY: c\r\n\r\n`);
  for (let time = 0; time < 2000; time++) assert.ok(listRequest(start));
});

test('status, health and metrics are here too', async (t) => {
  const { local } = await startAdmin(t);
  const seal = await callAdmin(local, 'GET', '/v1/sys/seal-status');
  assert.deepEqual(
    [seal.status, seal.body.type, seal.body.initialized, seal.body.sealed, seal.body.version],
    [200, 'audit-sidecar', true, false, '1.2.3'],
  );
  assert.deepEqual((await callAdmin(local, 'GET', '/v1/sys/leader')).body, { ha_enabled: false });
  assert.equal((await callAdmin(local, 'GET', '/v1/sys/health')).body.sealed, false);
  assert.deepEqual((await callAdmin(local, 'GET', '/healthz')).body, { ok: true });
  assert.equal((await callAdmin(local, 'GET', '/readyz')).status, 503);
  assert.equal((await callAdmin(local, 'GET', '/metrics')).text, '# no metrics\n');
  assert.equal((await callAdmin(local, 'HEAD', '/v1/sys/health')).text, '');
  const wrong = await callAdmin(local, 'PUT', '/healthz', {});
  assert.deepEqual(
    [wrong.status, wrong.headers.allow, wrong.body],
    [405, 'GET, HEAD', { errors: ['"/healthz" does not take PUT'] }],
  );
});
