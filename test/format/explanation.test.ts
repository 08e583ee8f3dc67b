import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExplainedPlace, type Explanation, explainRecord, type Fate } from '../../format/explanation.ts';
import { Formatter } from '../../format/formatter.ts';
import {
  defaultLineOptions,
  emptyRecordPolicy,
  type LineOptions,
  type RecordPolicy,
} from '../../format/line-options.ts';
import { pathText, walkRecord } from '../../format/record-walk.ts';
import { RuleNames } from '../../format/rule-names.ts';
import { Dice, RecordWriter } from './random-record.ts';

const salt = '412bfd53-96d8-1dd0-d10e-3cf5bf3d9d63';

function explain(record: string, options: Partial<LineOptions>, policy: Partial<RecordPolicy>): Explanation {
  const whole = { ...emptyRecordPolicy, ...policy };
  return explainRecord(new Formatter(whole), new RuleNames(whole), Buffer.from(record), [
    { ...defaultLineOptions, ...options },
  ]);
}

/** `fate path: rule`, a line for each place. */
function told(record: object, options: Partial<LineOptions> = {}, policy: Partial<RecordPolicy> = {}) {
  const explanation = explain(JSON.stringify({ time: 't', ...record }), options, policy);
  assert.ok(explanation.kind === 'kept');
  return explanation.lines[0]!.filter(({ path }) => path !== 'time').map(
    ({ fate, path, rule }) => `${fate} ${path}: ${rule}`,
  );
}

test('each fate is told with the rule that says so', () => {
  const request = {
    id: '1',
    path: 'a?token=x',
    client_token: '',
    client_token_accessor: 'a',
    mount_point: 'kv/',
    headers: { 'X-Open': ['o'], 'x-shut': ['s'], cookie: ['c', 'd'], 'x-other': [] },
    data: { password: 'p', pin: 1234, at: '2026-11-22T10:00:00Z', name: 'n', 'a.b': [{ c: 'd' }], extra: 1 },
  };
  const policy = {
    auditedHeaders: new Map([
      ['x-open', { hmac: false }],
      ['x-shut', { hmac: true }],
    ]),
    mounts: new Map([['kv/', { requestKeys: ['name'], responseKeys: [] }]]),
    clearFields: ['request.data.extra', 'service'],
    hashFields: ['request.mount_*'],
  };
  assert.deepEqual(told({ type: 'request', service: 's', request }, { hashNumbers: true }, policy), [
    'readable type: profile vault: type',
    'readable service: clear_fields: service',
    'readable request.id: profile vault: request.id',
    'readable request.path: profile vault: request.path',
    'readable request.client_token: it is empty',
    'hashed request.client_token_accessor: profile vault: request.client_token_accessor',
    'hashed request.mount_point: hash_fields: request.mount_*',
    'readable request.headers.X-Open[0]: audited_headers: "x-open"',
    'hashed request.headers.x-shut[0]: audited_headers: "x-shut" with hmac',
    'dropped request.headers.cookie: audited_headers: not one of them',
    'dropped request.headers.x-other: audited_headers: not one of them',
    'hashed request.data.password: profile vault: request.data.**',
    'hashed request.data.pin: hash_numbers: true',
    'readable request.data.at: hash_timestamps: false',
    'readable request.data.name: mounts: "kv/" request_keys "name"',
    'hashed request.data["a.b"][0].c: profile vault: request.data.**',
    'readable request.data.extra: clear_fields: request.data.extra',
  ]);
  const api = { ...policy, profile: 'api' as const, hashFields: [] };
  const ofApi = told({ request, error: 'e', other: 5 }, { hmacAccessor: false }, api);
  for (const line of [
    'parts hashed request.path: profile api: request.path',
    'readable request.client_token_accessor: hmac_accessor: false',
    'hashed request.data.pin: profile api: request.data.**',
    'hashed error: profile api: no readable path',
    'hashed other: profile api: no readable path',
  ])
    assert.ok(ofApi.includes(line), `${line} in\n${ofApi.join('\n')}`);
  assert.ok(
    told({ request }, { logRaw: true }, policy).includes('readable request.data.password: log_raw: true'),
  );
});

test('lists that are elided, members that are added and types of our own are told', () => {
  const response = {
    data: { keys: ['a', 'b'], key_info: { a: { b: 'c' } }, more: 'm' },
    wrap_info: { creation_time: 't' },
  };
  const list = { type: 'response', request: { operation: 'list' }, response };
  assert.deepEqual(told(list, { elideListResponses: true }).slice(2), [
    'elided response.data.keys: elide_list_responses: true',
    'elided response.data.key_info: elide_list_responses: true',
    'hashed response.data.more: profile vault: response.data.**',
    'readable response.wrap_info.creation_time: profile vault: response.wrap_info.creation_time',
    'added response.wrap_info.token: the hash of an empty text, as OpenBao writes it',
    'added response.wrap_info.accessor: the hash of an empty text, as OpenBao writes it',
  ]);
  assert.ok(told(list).includes('hashed response.data.keys[1]: profile vault: response.data.**'));
  assert.deepEqual(told({ type: 'refused' }, { logRaw: true }), [
    'hashed type: this type is for lines of the daemon itself',
  ]);
});

test('what is refused, and what is written nowhere, is told', () => {
  assert.deepEqual(explain('{"a":1,}', {}, {}), {
    kind: 'refused',
    message: 'a name in double quotes is wanted at byte 7',
  });
  assert.deepEqual(explain('{"request":{"path":"sys/health"}}', {}, { unauditedPaths: ['sys/health'] }), {
    kind: 'unaudited',
    rule: 'unaudited_paths',
  });
});

test('what a rule for records leaves out is told with the rule', () => {
  const rules = [
    { match: new Map([['path', ['/health*']]] as const), level: 'none' as const },
    { match: new Map([['operation', ['read']]] as const), level: 'metadata' as const },
    { match: new Map([['operation', ['list']]] as const), level: 'request' as const },
  ];
  const record = (operation: string, path: string) => ({
    request: { operation, path, data: { a: 'b' } },
    response: { data: { c: ['d'] }, mount_type: 'm' },
  });
  assert.deepEqual(told(record('read', '/x'), {}, { rules }).slice(2), [
    'dropped request.data: records[1]: level metadata',
    'dropped response.data: records[1]: level metadata',
    'readable response.mount_type: profile vault: response.mount_*',
  ]);
  assert.deepEqual(told(record('list', '/x'), {}, { rules }).slice(2, 4), [
    'hashed request.data.a: profile vault: request.data.**',
    'dropped response.data: records[2]: level request',
  ]);
  assert.equal(told(record('update', '/x'), {}, { rules }).length, 5);
  assert.deepEqual(explain(JSON.stringify(record('read', '/healthz')), {}, { rules }), {
    kind: 'unaudited',
    rule: 'records[0]: level none',
  });
});

test('a record nested as deep as may be is explained', () => {
  const deep = `{"a":${'[{"b":'.repeat(4_999)}"s"${'}]'.repeat(4_999)}}`;
  const explanation = explain(deep, {}, {});
  assert.ok(explanation.kind === 'kept');
  assert.equal(explanation.lines[0]!.length, 2);
});

const policies: readonly Partial<RecordPolicy>[] = [
  {},
  { profile: 'api' },
  ...(['vault', 'api'] as const).map((profile) => ({
    profile,
    clearFields: ['extra*.**', 'request.data.extra', 'auth.metadata.**', 'response.data.arr[].a'],
    hashFields: ['response.headers', 'auth.*', 'request.mount_type', 'error', 'request.query.a'],
    auditedHeaders: new Map([
      ['x-audited', { hmac: false }],
      ['x-hashed', { hmac: true }],
      ['ümlaut-ü', { hmac: false }],
    ]),
    mounts: new Map([['secret/', { requestKeys: ['clear', 'arr'], responseKeys: ['keys', 'obj', ''] }]]),
    unauditedPaths: ['sys/health'],
    rules: [
      { match: new Map([['operation', ['read', 'list']]] as const), level: 'metadata' as const },
      { match: new Map([['path', ['a*']]] as const), level: 'request' as const },
      { match: new Map([['operation', ['delete']]] as const), level: 'none' as const },
    ],
  })),
];

/** Of these, random records have few. */
const always = [
  '{"type":"response","request":{"operation":"list"},"response":{"data":{"keys":["a","b"],"key_info":{"a":1}}}}',
  '{"response":{"wrap_info":{"creation_time":"t"}},"request":{"path":"a?b=c","headers":{"x":["y"]}}}',
];

function randomOptions(dice: Dice): LineOptions {
  return {
    ...defaultLineOptions,
    hmacAccessor: dice.chance(50),
    logRaw: dice.chance(15),
    elideListResponses: dice.chance(60),
    hashTimestamps: dice.chance(30),
    hashNumbers: dice.pick([true, false, 'by_profile']),
  };
}

/** What is in the line in place of a value, in the order of the bytes: strings, numbers, and lists that have become numbers. */
function valuesOf(line: Buffer): { path: string; text: string }[] {
  const found: { path: string; text: string }[] = [];
  for (const { kind, steps, at, end } of walkRecord(line)) {
    if (kind === 'string' || kind === 'number')
      found.push({ path: pathText(steps), text: line.toString('utf8', at, end) });
  }
  return found;
}

/** What the explained place is in the line, as far as it is known from the explanation. */
function goesWith({ fate, value }: ExplainedPlace, text: string): boolean {
  switch (fate) {
    case 'hashed':
    case 'added':
      return /^"hmac-sha256:[0-9a-f]{64}"$/.test(text);
    case 'parts hashed':
      return /hmac-sha256:[0-9a-f]{64}/.test(text);
    case 'elided':
      return /^\d+$/.test(text);
    case 'readable':
      // Half a surrogate pair is written as U+FFFD.
      return (
        JSON.stringify(JSON.parse(value!)).replaceAll(/\\ud[89a-f]../g, '\ufffd') ===
        JSON.stringify(JSON.parse(text))
      );
    case 'dropped':
      return false;
  }
}

test('of random records, what is explained is what stands in the line, value for value', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const seen = new Map<Fate, number>();
  for (let round = 0; round < 24; round++) {
    const dice = new Dice(seed + round);
    const policy = { ...emptyRecordPolicy, ...policies[round % policies.length] };
    const [formatter, names] = [new Formatter(policy), new RuleNames(policy)];
    const writer = new RecordWriter(dice);
    for (let count = 0; count < 60; count++) {
      const record = count < always.length ? Buffer.from(always[count]!) : writer.record();
      const shown = `seed ${seed + round}: ${record.toString()}`;
      const options = randomOptions(dice);
      const explanation = explainRecord(formatter, names, record, [options]);
      const batch = formatter.scan([record], 'apply', 0);
      const { bytes } = formatter.line(options, salt).render(batch, Number.POSITIVE_INFINITY);
      batch.release();
      assert.equal(explanation.kind, bytes.length === 0 ? 'unaudited' : 'kept', shown);
      if (explanation.kind !== 'kept') continue;
      const [places = []] = explanation.lines;
      const written = places.filter(({ fate, path }) => {
        seen.set(fate, (seen.get(fate) ?? 0) + 1);
        return fate !== 'dropped' && path !== 'time';
      });
      const values = valuesOf(bytes).filter(({ path }) => path !== 'time');
      assert.deepEqual(
        written.map(({ path }) => path.toLowerCase()),
        values.map(({ path }) => path.toLowerCase()),
        shown,
      );
      for (const [index, place] of written.entries())
        assert.ok(goesWith(place, values[index]!.text), `${place.fate} ${place.path}, ${shown}`);
    }
  }
  assert.equal(seen.size, 6, 'every fate occurs');
});
