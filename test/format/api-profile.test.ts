import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Formatter, PolicyRefused } from '../../format/formatter.ts';
import { emptyRecordPolicy, type LineOptions, type RecordPolicy } from '../../format/line-options.ts';
import { projectRoot } from '../support/project-root.ts';
import { lineOf, linesOf, testSalt } from './line-of.ts';

function hmac(value: string): string {
  return `hmac-sha256:${createHmac('sha256', testSalt).update(value).digest('hex')}`;
}

/** The line of a record that is given as a value, with `#` for each hash. */
function shown(
  record: object,
  policy: Partial<RecordPolicy> = {},
  options: Partial<LineOptions> = {},
): unknown {
  const setting = { policy: { profile: 'api', ...policy }, options } as const;
  const line = lineOf(JSON.stringify({ time: '', ...record }), setting);
  const { time, ...rest } = JSON.parse(line.replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '#')) as { time: string };
  assert.equal(time, '');
  return rest;
}

const shop = readFileSync(path.join(projectRoot, 'test/corpus/shop.ndjson'), 'utf8').trimEnd().split('\n');
const shopHeaders = new Map([['x-request-id', { hmac: false }]]);

/** All texts and numbers of a record by their path. */
function leaves(value: unknown, at = ''): Map<string, string> {
  if (typeof value !== 'object') return new Map([[at, String(value)]]);
  return new Map(Object.entries(value ?? {}).flatMap(([name, child]) => [...leaves(child, `${at}.${name}`)]));
}

for (const format of ['json', 'jsonx'] as const) {
  test(`of a shop's records an auditor reads who did what to which order, and no secret: ${format}`, () => {
    const setting = { policy: { profile: 'api', auditedHeaders: shopHeaders }, options: { format } } as const;
    const lines = linesOf(shop, setting);
    for (const [index, line] of lines.entries()) {
      for (const text of leaves(JSON.parse(shop[index]!)).values()) {
        if (text.startsWith('R-')) assert.ok(line.includes(text), `${text} is not in ${line}`);
      }
      assert.ok(!line.includes('S-'), line);
      for (const secret of [
        '4111111111111111',
        '1234',
        '1050',
        '59.9',
        '1990-01-01',
        'cookie',
        'authorization',
      ])
        assert.ok(!line.includes(secret), `${secret} is in ${line}`);
    }
  });
}

test('what an ordinary server says of a call is readable, and nothing else', () => {
  const record = {
    service: { name: 'shop', version: '1', instance: 'pod' },
    outcome: 'success',
    reason: 'owner',
    policy: 'own-orders',
    auth: {
      user_id: 'u',
      display_name: 'Ann',
      roles: ['r'],
      scopes: ['s'],
      method: 'oidc',
      on_behalf_of: 'o',
    },
    resource: { type: 'order', id: 17, tenant: 't' },
    request: {
      ...{ id: 'i', method: 'GET', operation: 'read', route: '/o/:id', path: '/o/17', host: 'shop.example' },
      ...{ protocol: 'HTTP/1.1', remote_address: '::1', remote_port: 5, forwarded_for: ['a', 'b'] },
      ...{ user_agent: 'x/1 (y; z) k/2', traceparent: '00-1-2-01', bytes: 0, tenant: 't' },
    },
    response: { status: 200, bytes: 1.5, duration_ms: 2, redirect: '/login' },
  };
  assert.deepEqual(shown(record), record);
  const hashed = {
    error: 'invalid password hunter2',
    custom: { pin: 1234, flag: true, none: null, list: [1, 'x', [2.5]] },
    service: { deep: { name: 'x' } },
    auth: { session_id: 's', user_id: { id: 5 }, roles: [['r'], { r: 1 }] },
    request: { query: { page: '2', list: [{ token: 3 }] }, body: 'x', path: ['/a'] },
    resource: { owner: 'x' },
    response: { headers: { 'set-cookie': ['sid=1'], age: 5 }, status: [200], body: 'x' },
  };
  assert.deepEqual(shown(hashed), {
    error: '#',
    custom: { pin: '#', flag: true, none: null, list: ['#', '#', ['#']] },
    service: { deep: { name: '#' } },
    auth: { session_id: '#', user_id: { id: '#' }, roles: [['#'], { r: '#' }] },
    request: { query: { page: '#', list: [{ token: '#' }] }, body: '#', path: ['#'] },
    resource: { owner: '#' },
    response: { headers: { 'set-cookie': ['#'], age: '#' }, status: ['#'], body: '#' },
  });
});

test('error is hashed unless it is a clear field, and a clear field and a hash field count in either profile', () => {
  const record = {
    error: 'bad',
    custom: { n: 5, s: 'x' },
    resource: { id: 17, type: 'order' },
    request: { path: '/a?b=c' },
  };
  const policy = {
    clearFields: ['error', 'custom.n', 'request.path'],
    hashFields: ['resource'],
  };
  assert.deepEqual(shown(record, policy), {
    ...record,
    custom: { n: 5, s: '#' },
    resource: { id: '#', type: '#' },
  });
  assert.deepEqual(shown(record, { hashFields: ['request.path'] }), {
    error: '#',
    custom: { n: '#', s: '#' },
    resource: record.resource,
    request: { path: '#' },
  });
});

/** In so many arrays that the kernel scans them without calls. */
function deep(value: unknown): unknown {
  return Array.from({ length: 40 }).reduce((inner: unknown) => [inner], value);
}

test('in data everything is hashed but keys of the mount: numbers, days and times, at any depth', () => {
  const data = {
    born: '1990-01-01',
    at: '1990-01-01T00:00:00Z',
    pin: 1234,
    list: [-0.5, '2', { deep: { card: 4111111111111111 } }],
    ['d'.repeat(40)]: deep(7),
    clear: [8, 'x', '1990-01-01T00:00:00Z', { pin: 9 }],
    open: deep(5),
    yes: true,
    none: null,
  };
  const record = { request: { mount_point: 'shop/', data }, response: { data: 12.5 } };
  const wanted = {
    ...{ born: '#', at: '#', pin: '#', list: ['#', '#', { deep: { card: '#' } }] },
    ['d'.repeat(40)]: deep('#'),
    ...{ clear: ['#', '#', '#', { pin: '#' }], open: deep('#'), yes: true, none: null },
  };
  assert.deepEqual(shown(record), {
    request: { mount_point: 'shop/', data: wanted },
    response: { data: '#' },
  });
  const mounts = new Map([['shop/', { requestKeys: ['clear', 'open'], responseKeys: [] }]]);
  assert.deepEqual(shown(record, { mounts }), {
    request: {
      mount_point: 'shop/',
      data: { ...wanted, clear: [8, 'x', '1990-01-01T00:00:00Z', { pin: '#' }], open: deep(5) },
    },
    response: { data: '#' },
  });
});

test('a number is hashed as it is spelt, into a text', () => {
  const numbers = ['0', '-0', '1', '1.0', '1e0', '12345678901234567890123', '-1.50E+10', '7'.repeat(5000)];
  const record = (values: readonly string[]): string =>
    `{"time":"","request":{"data":[ ${values.join(' , ')} ]}}`;
  const wanted = record(numbers.map((number) => `"${hmac(number)}"`));
  assert.equal(lineOf(record(numbers), { policy: { profile: 'api' } }), wanted);
  assert.equal(lineOf(record(numbers), { options: { hashNumbers: true } }), wanted);
  assert.equal(lineOf(record(numbers), {}), record(numbers));
});

test('hash_numbers says for a device whether numbers are hashed: by the profile, always or never', () => {
  const record = {
    ...{ error: 1, custom: 2, auth: { client_token: 3, accessor: 4, display_name: 5 } },
    request: { id: 6, data: [7], query: { a: 8 }, remote_port: 9, mount_point: 'm/' },
    response: { data: { k: 10 }, status: 11, wrap_info: { ttl: 12 } },
  };
  const vault = { profile: 'vault' } as const;
  assert.deepEqual(shown(record, vault), record);
  assert.deepEqual(shown(record, vault, { hashNumbers: false }), record);
  const onlyData = {
    ...record,
    request: { ...record.request, data: ['#'], query: { a: '#' } },
    response: { ...record.response, data: { k: '#' } },
  };
  assert.deepEqual(shown(record, vault, { hashNumbers: true }), onlyData);
  const hashFields = ['custom', 'request.remote_port'];
  assert.deepEqual(shown(record, { ...vault, hashFields }), record);
  assert.deepEqual(shown(record, { ...vault, hashFields }, { hashNumbers: true }), {
    ...onlyData,
    custom: '#',
    request: { ...onlyData.request, remote_port: '#' },
  });
  const all = {
    ...{ error: '#', custom: '#', auth: { client_token: '#', accessor: '#', display_name: 5 } },
    request: { ...record.request, data: ['#'], query: { a: '#' } },
    response: { data: { k: '#' }, status: 11, wrap_info: { ttl: '#' } },
  };
  assert.deepEqual(shown(record), all);
  assert.deepEqual(shown(record, {}, { hashNumbers: true, hmacAccessor: false }), all);
  assert.deepEqual(shown(record, {}, { hashNumbers: false }), record);
  assert.deepEqual(shown(record, {}, { logRaw: true, hashNumbers: true }), record);
});

test('an audited header may be a text, a list or a number; what has another shape is hashed in it', () => {
  const auditedHeaders = new Map([
    ['x-id', { hmac: false }],
    ['x-secret', { hmac: true }],
    ['referer', { hmac: false }],
  ]);
  const request = {
    headers: {
      ...{
        'X-Id': '/a?b',
        'x-id': ['b', '/a?b', 'a? b', ['c', 1], { d: 'e', f: 2 }],
        Cookie: 'sid=1',
        authorization: ['x'],
      },
      ...{ 'x-secret': 'f', 'X-SECRET': ['g', 3, { h: 4 }], Referer: 'd? e', referer: ['d? e', 5] },
    },
  };
  const wanted =
    '"x-id":"/a?#","x-id":["b","/a?#","a? b",["#","#"],{"d":"#","f":"#"}],"x-secret":"#","x-secret":["#","#",{"h":"#"}],"referer":"d?#","referer":["d?#",5]';
  const line = (options: Partial<LineOptions>): string =>
    lineOf(JSON.stringify({ time: '', request }), {
      policy: { profile: 'api', auditedHeaders },
      options,
    }).replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '#');
  assert.equal(line({}), `{"time":"","request":{"headers":{${wanted}}}}`);
  const raw =
    '"x-id":"/a?b","x-id":["b","/a?b","a? b",["c",1],{"d":"e","f":2}],"x-secret":"#","x-secret":["#","#",{"h":"#"}],"referer":"d? e","referer":["d? e",5]';
  assert.equal(line({ logRaw: true }), `{"time":"","request":{"headers":{${raw}}}}`);
});

test('tokens, accessors, wrapped answers and counted lists are as with vault', () => {
  const record = {
    ...{ type: 'response', auth: { client_token: 't', accessor: 'a' }, request: { operation: 'list' } },
    response: {
      wrap_info: { creation_time: '2024-01-01T00:00:00Z' },
      data: { keys: [1, 'b'], key_info: { a: 1 } },
    },
  };
  assert.deepEqual(shown(record, {}, { elideListResponses: true, hmacAccessor: false }), {
    ...{ type: 'response', auth: { client_token: '#', accessor: 'a' }, request: { operation: 'list' } },
    response: {
      wrap_info: { creation_time: '2024-01-01T00:00:00Z', token: '#' },
      data: { keys: 2, key_info: 1 },
    },
  });
  assert.deepEqual(shown({ type: 'refused' }), { type: '#' });
});

test('tokens cannot be cleared, and what lines are found by cannot be hashed, with api either', () => {
  for (const policy of [{ clearFields: ['auth.client_token'] }, { hashFields: ['request.id'] }])
    assert.throws(() => new Formatter({ ...emptyRecordPolicy, profile: 'api', ...policy }), PolicyRefused);
});
