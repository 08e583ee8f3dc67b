import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter, PolicyRefused } from '../../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy, type RecordPolicy } from '../../format/line-options.ts';
import { type LineSetting, lineOf, testSalt } from './line-of.ts';

function shown(record: unknown, setting: LineSetting): unknown {
  const line = lineOf(JSON.stringify({ time: '', ...(record as object) }), setting);
  const { time, ...rest } = JSON.parse(line.replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '#')) as { time: string };
  assert.equal(time, '');
  return rest;
}

function problems(policy: Partial<RecordPolicy>): readonly { entry: string; message: string }[] {
  try {
    new Formatter({ ...emptyRecordPolicy, ...policy });
  } catch (error) {
    if (error instanceof PolicyRefused) return error.problems;
    throw error;
  }
  return [];
}

const response = {
  redirect: 'https://h/cb?code=secret',
  warnings: ['w'],
  headers: { 'Set-Cookie': ['sid=secret'], 'Content-Type': ['text/html'], odd: { deep: [['x']], n: 1 } },
};

test('without a hash field the headers and the redirect of a response are readable', () => {
  assert.deepEqual(shown({ response }, {}), { response });
});

test('a hash field is hashed with all that is in it', () => {
  assert.deepEqual(
    shown({ response }, { policy: { hashFields: ['response.headers', 'response.redirect'] } }),
    {
      response: {
        redirect: '#',
        warnings: ['w'],
        headers: { 'Set-Cookie': ['#'], 'Content-Type': ['#'], odd: { deep: [['#']], n: 1 } },
      },
    },
  );
  assert.deepEqual(shown({ response }, { policy: { hashFields: ['response.headers.Set-*'] } }), {
    response: { ...response, headers: { ...response.headers, 'Set-Cookie': ['#'] } },
  });
  assert.deepEqual(
    shown(
      { response: { headers: 'a', warnings: 'b' } },
      { policy: { hashFields: ['response.warnings.**'] } },
    ),
    { response: { headers: '#', warnings: 'b' } },
  );
});

test('of a hash field and a clear field, that one counts which says more of the place', () => {
  const { headers } = response;
  const onlyType = { 'Set-Cookie': ['#'], 'Content-Type': ['text/html'], odd: { deep: [['#']], n: 1 } };
  const onlyCookie = { ...headers, 'Set-Cookie': ['#'] };
  const cases: readonly (readonly [hash: string[], clear: string[], wanted: object])[] = [
    [['response.headers'], ['response.headers.Content-Type[]'], onlyType],
    [['response.headers.**'], ['response.headers.Content-*.**'], onlyType],
    [['response.*'], ['response.headers.Content-Type.**'], onlyType],
    [['response.headers.Set-Cookie'], ['response.headers.**'], onlyCookie],
    [['response.headers.Set-*'], ['response.headers.S*.**'], onlyCookie],
    [['response.headers.Set-Cookie[]'], ['response.headers.Set-*.**'], onlyCookie],
    [['response.headers.S*'], ['response.headers.Set-*.**', 'response.headers.other'], headers],
    [['response.headers.S*'], ['response.headers.Set-Cookie'], onlyCookie],
    // The first step at which they differ, from the record on.
    [
      ['response.headers.*[]'],
      ['response.head*.Set-Cookie[]'],
      { ...onlyType, 'Content-Type': ['#'], odd: headers.odd },
    ],
  ];
  for (const [hashFields, clearFields, wanted] of cases) {
    const found = shown({ response: { headers } }, { policy: { hashFields, clearFields } });
    assert.deepEqual(found, { response: { headers: wanted } }, `${hashFields} ${clearFields}`);
  }
});

test('in data a hash field is hashed whatever its mount, a timestamp or its neighbours are', () => {
  const record = {
    request: {
      mount_point: 'm/',
      data: { at: '2024-01-01T00:00:00Z', k: 'a', in: { k: 'b', at: '2024-01-01T00:00:00Z' } },
    },
  };
  const mounts = new Map([['m/', { requestKeys: ['k'], responseKeys: [] }]]);
  assert.deepEqual(shown(record, { policy: { mounts } }), record);
  assert.deepEqual(shown(record, { policy: { mounts, hashFields: ['request.data.in'] } }), {
    request: { ...record.request, data: { ...record.request.data, in: { k: '#', at: '#' } } },
  });
});

test('an accessor that is a hash field is hashed on every device, a token as ever, and neither when empty', () => {
  const policy = { hashFields: ['auth', 'response.wrap_info.accessor'] };
  const options = { hmacAccessor: false };
  const record = (accessor: string, client_token: string): object => ({
    auth: { accessor, client_token, display_name: 'd', metadata: { a: 'b' } },
    request: { client_token_accessor: 'c' },
    response: { wrap_info: { accessor: '', wrapped_accessor: 'w' } },
  });
  assert.deepEqual(shown(record('a', 't'), { policy, options }), {
    auth: { accessor: '#', client_token: '#', display_name: '#', metadata: { a: '#' } },
    request: { client_token_accessor: 'c' },
    response: { wrap_info: { accessor: '#', wrapped_accessor: 'w' } },
  });
  const { auth } = shown(record('', ''), { policy, options }) as { auth: object };
  assert.deepEqual(auth, { accessor: '', client_token: '', display_name: '#', metadata: { a: '#' } });
});

test('the other options of a device hold for a hash field: log_raw hashes none, jsonx writes the same hash, lists are counted', () => {
  const policy = { hashFields: ['response.redirect', 'response.data.keys', 'error'] };
  const record = { response: { redirect: 'r' }, error: '' };
  assert.deepEqual(shown(record, { policy, options: { logRaw: true } }), record);
  const formatter = new Formatter({ ...emptyRecordPolicy, ...policy });
  const hash = (value: string): string => formatter.line(defaultLineOptions, testSalt).hash(value);
  const line = lineOf(JSON.stringify({ time: '', ...record }), { policy, options: { format: 'jsonx' } });
  assert.ok(line.includes(`<json:string name="redirect">${hash('r')}</json:string>`));
  assert.ok(line.includes(`<json:string name="error">${hash('')}</json:string>`));
  const listed = {
    type: 'response',
    request: { operation: 'list' },
    response: { data: { keys: ['a', 'b'] } },
  };
  assert.deepEqual(shown(listed, { policy, options: { elideListResponses: true } }), {
    ...listed,
    response: { data: { keys: 2 } },
  });
});

test('what the daemon reads of a record it reads although the line has a hash', () => {
  const policy = {
    hashFields: ['request.path', 'request.mount_point', 'request.operation', 'request.namespace'],
    unauditedPaths: ['ns1/sys/x'],
    mounts: new Map([['ns1/m/', { requestKeys: ['k'], responseKeys: [] }]]),
  };
  const request = (path: string): object => ({
    path,
    operation: 'list',
    mount_point: 'm/',
    namespace: { path: 'ns1/' },
    data: { k: 'v' },
  });
  const record = { type: 'response', request: request('sys/y'), response: { data: { keys: ['a'] } } };
  assert.deepEqual(shown(record, { policy, options: { elideListResponses: true } }), {
    ...record,
    request: { path: '#', operation: '#', mount_point: '#', namespace: { path: '#' }, data: { k: 'v' } },
    response: { data: { keys: 1 } },
  });
  const batch = new Formatter({ ...emptyRecordPolicy, ...policy }).scan(
    [Buffer.from(JSON.stringify({ request: request('sys/x') }))],
    'apply',
    0,
  );
  assert.equal(batch.kept, 0);
  batch.release();
});

test('a hash field that reaches what lines are found by, or request headers, is refused, and every one is named', () => {
  const bad = [
    'time',
    'type',
    'ty*',
    '*',
    'request.id',
    'request',
    'request.**',
    'request.*',
    'request.headers.x',
    'request.h*',
  ];
  const found = problems({
    hashFields: [...bad, 'request.path', 'request.data', 'id', 'type.**', 'response'],
  });
  assert.deepEqual(
    found.map(({ entry }) => entry),
    bad,
  );
  assert.equal(
    found[5]!.message,
    'Cannot hash "request": "request.id" always stays readable, for lines are found, ordered and compared between devices by it',
  );
  assert.equal(
    found.at(-1)!.message,
    'Cannot hash "request.h*": which headers are hashed is said by audited_headers',
  );
  assert.match(
    problems({ hashFields: ['a..b'] })[0]!.message,
    /^Cannot hash "a\.\.b": a path such as "response\.headers"/,
  );
  assert.match(problems({ hashFields: ['x'.repeat(1025)] })[0]!.message, /^Cannot use hash field "x{32}…"/);
});

test('a hash field of which a clear field says the opposite is refused', () => {
  for (const [hashFields, clearFields, opposite] of [
    [['a.b'], ['a.b'], 'a.b'],
    [['a.b'], ['a.b.**'], 'a.b.**'],
    [['a.b.**'], ['a.b.**'], 'a.b.**'],
    [['a.x*'], ['b', 'a.x*'], 'a.x*'],
  ] as const) {
    assert.deepEqual(problems({ hashFields, clearFields }), [
      { entry: hashFields[0], message: `Cannot hash "${hashFields[0]}": clear_fields has "${opposite}"` },
    ]);
  }
  assert.deepEqual(problems({ hashFields: ['a.b.**'], clearFields: ['a.b', 'a.b.c', 'a.**'] }), []);
});
