import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { type LineSetting, lineOf, parsedLineOf, testSalt } from './line-of.ts';

function hmac(value: string): string {
  return `hmac-sha256:${createHmac('sha256', testSalt).update(value).digest('hex')}`;
}

/** A record with one value at a dotted path, where `[]` is an array of one. */
function recordWith(path: string, value: unknown): Record<string, unknown> {
  let result = value;
  for (const step of path.split(/\.|(?=\[\])/).reverse())
    result = step === '[]' ? [result] : { [step]: result };
  return { time: 't', ...(result as Record<string, unknown>) };
}

function assertHashed(path: string, setting: LineSetting = {}, value: string = 'value'): void {
  assert.deepEqual(parsedLineOf(recordWith(path, value), setting), recordWith(path, hmac(value)), path);
}

function assertClear(path: string, setting: LineSetting = {}, value: string = 'value'): void {
  const record = JSON.stringify(recordWith(path, value));
  assert.equal(lineOf(record, setting), record, path);
}

const tokens = ['auth.client_token', 'request.client_token', 'response.auth.client_token'];
const accessors = ['auth.accessor', 'request.client_token_accessor', 'response.auth.accessor'];
const wrapped = ['response.wrap_info.accessor', 'response.wrap_info.wrapped_accessor'];

test('tokens are hashed, and an empty one stays as it is', () => {
  for (const path of tokens) {
    assertHashed(path);
    assertHashed(path, { options: { hmacAccessor: false } });
    assertClear(path, {}, '');
  }
});

test('accessors are hashed unless the device leaves them readable', () => {
  for (const path of accessors) {
    assertHashed(path);
    assertClear(path, {}, '');
    assertClear(path, { options: { hmacAccessor: false } });
  }
  for (const path of ['request.data.accessor', 'request.accessor', 'auth.metadata2.accessor', 'accessor']) {
    assertHashed(path, { options: { hmacAccessor: false } });
  }
});

test('what wraps a response is hashed also when empty', () => {
  assertHashed('response.wrap_info.token');
  assertHashed('response.wrap_info.token', {}, '');
  for (const path of wrapped) {
    assertHashed(path, {}, '');
    assertClear(path, { options: { hmacAccessor: false } });
  }
  const filled = { time: '', response: { wrap_info: { ttl: 60, creation_time: '0001-01-01T00:00:00Z' } } };
  const { wrap_info } = filled.response;
  assert.deepEqual(parsedLineOf(filled), {
    ...filled,
    response: { wrap_info: { ...wrap_info, token: hmac(''), accessor: hmac('') } },
  });
  assert.deepEqual(parsedLineOf(filled, { options: { hmacAccessor: false } }), {
    ...filled,
    response: { wrap_info: { ...wrap_info, token: hmac('') } },
  });
  assert.deepEqual(parsedLineOf(filled, { options: { logRaw: true } }), filled);
});

test('every string in data is hashed, whatever its shape, also an empty one and one that looks like a hash', () => {
  for (const side of ['request', 'response']) {
    for (const path of [
      'data',
      'data.a',
      'data[]',
      'data.a[].b.c[][]',
      'data.type',
      'data.time.id',
      'data.keys[]',
      'data.key_info.a.b',
    ]) {
      assertHashed(`${side}.${path}`);
      assertHashed(`${side}.${path}`, {}, '');
      assertHashed(`${side}.${path}`, {}, hmac('x'));
      assertHashed(`${side}.${path}`, {}, 'Grüße \u{1f600} "\\\n');
    }
  }
  const other = '{"time":"","request":{"data":{"a":[1,-0.0,1e400,true,false,null,{},[]]}}}';
  assert.equal(lineOf(other), other);
});

test('the known harmless paths stay readable', () => {
  const auth = [
    ...[
      'display_name',
      'policies[]',
      'token_policies[]',
      'identity_policies[]',
      'external_namespace_policies.ns[]',
    ],
    ...[
      'policy_results.granting_policies[].name',
      'metadata.a',
      'metadata.a.b[]',
      'entity_id',
      'token_type',
      'token_issue_time',
    ],
  ];
  const paths = [
    ...['type', 'error', 'forwarded_from'],
    ...auth.flatMap((path) => [`auth.${path}`, `response.auth.${path}`]),
    ...['id', 'client_id', 'replication_cluster', 'operation', 'mount_point', 'mount_anything', 'mount_'].map(
      (name) => `request.${name}`,
    ),
    ...[
      'namespace.id',
      'namespace.path',
      'namespace.a.b',
      'path',
      'remote_address',
      'client_certificate_serial_number',
    ].map((name) => `request.${name}`),
    ...['mount_type', 'secret.lease_id', 'warnings[]', 'redirect', 'wrap_info.creation_path'].map(
      (name) => `response.${name}`,
    ),
    ...['headers.a', 'headers.Content-Type[]', 'headers.a[].b'].map((name) => `response.${name}`),
  ];
  for (const path of paths) assertClear(path);
});

test('any other path is hashed', () => {
  const paths = [
    ...[
      'unknown',
      'Type',
      'type[]',
      'error.a',
      'auth',
      'request',
      'response',
      'auth.unknown',
      'auth.display_name.a',
      'auth.metadata',
    ],
    ...[
      'auth.policies.a',
      'auth.policies[][]',
      'request.namespace',
      'request.mount',
      'request.mount_point.a',
      'request.id[]',
      'request.headers2.a',
    ],
    ...[
      'request.namespace2.id',
      'response.secret.other',
      'response.wrap_info.other',
      'response.headers',
      'response.warnings.a',
      'response.id',
    ],
    ...[
      'client_token',
      'data',
      'auth.data',
      'request.auth.display_name',
      'response.auth2.display_name',
      'request.headers',
      'request.headers[]',
    ],
  ];
  for (const path of paths) {
    assertHashed(path);
    assertHashed(path, {}, '');
    assertHashed(path, {}, '2024-01-01T00:00:00Z');
  }
});

test('a name spelt with escapes is the same name', () => {
  const value = '"s.secret"';
  assert.equal(
    lineOf(`{"time":"","au\\u0074h":{"cl\\u0069ent_token":${value}}}`),
    `{"time":"","au\\u0074h":{"cl\\u0069ent_token":"${hmac('s.secret')}"}}`,
  );
  const clear = '{"time":"","\\u0074\\u0079\\u0070\\u0065":"x","request":{"mou\\u006et_x":"y"}}';
  assert.equal(lineOf(clear), clear);
  assert.match(lineOf('{"time":"","type\\u0000":"x"}'), /hmac/);
});

test('the decoded text is hashed, half a surrogate pair as U+FFFD', () => {
  const cases: readonly (readonly [spelt: string, text: string])[] = [
    ['\\u0041\\/\\b\\f\\n\\r\\t\\"\\\\', 'A/\b\f\n\r\t"\\'],
    ['\\ud83d\\ude00', '\u{1f600}'],
    ['\\uD83D\\uDE00x', '\u{1f600}x'],
    ['\\ud83d', '\ufffd'],
    ['\\ude00\\ud83d', '\ufffd\ufffd'],
    ['\\ud83d\\ud83d\\ude00', '\ufffd\u{1f600}'],
    ['\\ud83dx\\ude00', '\ufffdx\ufffd'],
    ['\\ud83d\\n', '\ufffd\n'],
    ['\\u0000', '\0'],
    ['a\\u00e9é\\u20AC', 'aéé€'],
  ];
  for (const [spelt, text] of cases) {
    assert.equal(
      lineOf(`{"time":"","request":{"data":"${spelt}"}}`),
      `{"time":"","request":{"data":"${hmac(text)}"}}`,
      spelt,
    );
  }
});

test('numbers, order, blanks and spellings stay as they came', () => {
  const record =
    '{ "time" : "\\u0032" ,\t"z":[ 1.0 , 12345678901234567890 , -0 ] , "a" :{ } , "type":"\\/", "type" : 1E5 }';
  assert.equal(lineOf(`  ${record} \t`), record);
});

test('each copy of a repeated name is treated by its path', () => {
  assert.equal(
    lineOf(
      '{"time":"","auth":{"client_token":"a","client_token":"b"},"auth":{"display_name":"c","client_token":"d"}}',
    ),
    `{"time":"","auth":{"client_token":"${hmac('a')}","client_token":"${hmac('b')}"},"auth":{"display_name":"c","client_token":"${hmac('d')}"}}`,
  );
});

test('log_raw copies everything, and a prefix comes first', () => {
  const record =
    '{"time":"","auth":{"client_token":"s.x","accessor":"y"},"request":{"data":["z"]},"unknown":"u"}';
  assert.equal(lineOf(record, { options: { logRaw: true } }), record);
  assert.equal(lineOf(record, { options: { logRaw: true, prefix: '@cee: ä' } }), `@cee: ä${record}`);
});
