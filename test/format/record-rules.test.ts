import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter, recordStatus } from '../../format/formatter.ts';
import {
  defaultLineOptions,
  emptyRecordPolicy,
  type LineOptions,
  type RecordPolicy,
} from '../../format/line-options.ts';
import { lineStart } from '../../format/lines.ts';
import { type Level, levels, type MatchedField, type RecordRule } from '../../format/record-rules.ts';
import type { KernelBatch } from '../../format/scanned-batch.ts';
import { lineOf, testArrivalMs, testSalt } from './line-of.ts';
import { expectedLine, type OracleRecord, readRecord } from './oracle.ts';
import { Dice } from './random-record.ts';
import { RuledRecordWriter, randomRules } from './random-rules.ts';
import { reduced, ruleFor } from './rules-oracle.ts';

type WrittenRule = readonly [match: Partial<Record<MatchedField, string | readonly string[]>>, level: Level];

function rulesOf(...written: readonly WrittenRule[]): readonly RecordRule[] {
  return written.map(([match, level]) => ({
    match: new Map(
      Object.entries(match).map(([field, patterns]) => [field as MatchedField, [patterns].flat()] as const),
    ),
    level,
  }));
}

/** For each record, the level at which it is written: what stays of `request.data` and `response.data` tells. */
function levelsOf(rules: readonly RecordRule[], records: readonly string[]): Level[] {
  const formatter = new Formatter({ ...emptyRecordPolicy, rules });
  return records.map((record) => {
    const batch = formatter.scan([Buffer.from(record)], 'apply', 0);
    assert.notEqual(batch.statuses[0], recordStatus.invalid, record);
    const [level] = levels.filter((each) => batch.levels[each] === 1);
    assert.equal(batch.kept, level === 'none' ? 0 : 1);
    batch.release();
    return level!;
  });
}

function request(members: object, around: object = {}): string {
  return JSON.stringify({ ...around, request: members });
}

function randomOptions(dice: Dice): LineOptions {
  return {
    ...defaultLineOptions,
    format: dice.chance(60) ? 'json' : 'jsonx',
    jsonxFragment: dice.chance(50),
    logRaw: dice.chance(20),
    elideListResponses: dice.chance(50),
    hashTimestamps: dice.chance(30),
  };
}

/** What else of a policy has to do with data, or with what stands around it. */
function others(dice: Dice): Partial<RecordPolicy> {
  const keys = { requestKeys: ['x', 'path'], responseKeys: ['keys', 'x'] };
  return {
    mounts: new Map(
      dice.chance(50)
        ? []
        : [
            ['kv/', keys],
            ['ns1/kv/', keys],
          ],
    ),
    auditedHeaders: new Map(dice.chance(50) ? [] : [['x-a', { hmac: dice.chance(50) }]]),
    clearFields: dice.chance(50) ? [] : ['request.data.x', 'request.tenant'],
    hashFields: dice.chance(50) ? [] : ['request.path', 'request.operation', 'response.data.keys'],
    unauditedPaths: [],
  };
}

test('random records are written by random rules as the plain version says', () => {
  const counts: Record<Level, number> = { none: 0, metadata: 0, request: 0, full: 0 };
  for (let seed = 1; seed <= 80; seed++) {
    const dice = new Dice(seed);
    const writer = new RuledRecordWriter(dice);
    const records = Array.from({ length: 250 }, () => writer.record());
    const profile = dice.pick(['vault', 'api'] as const);
    const policy = { ...emptyRecordPolicy, ...others(dice), profile, rules: randomRules(dice) };
    const formatter = new Formatter(policy);
    const chunks = records.flatMap((record) => [record, Buffer.from('\n')]);
    const batch = formatter.scan(chunks, 'apply', testArrivalMs) as KernelBatch;
    const wanted: (OracleRecord | null)[] = [];
    const found: Record<Level, number> = { none: 0, metadata: 0, request: 0, full: 0 };
    const dropping = policy.rules.some(({ level }) => level !== 'full');
    for (const [index, record] of records.entries()) {
      const rule = ruleFor(record, policy.rules);
      const level = policy.rules[rule]?.level ?? 'full';
      found[level]++;
      counts[level]++;
      const shown = `seed ${seed}, ${level}: ${record.toString()}`;
      assert.equal(batch.ruleOf(index), dropping && rule >= 0 ? rule : null, shown);
      assert.equal(
        batch.statuses[index],
        level === 'none' ? recordStatus.unaudited : recordStatus.kept,
        shown,
      );
      if (level === 'none') continue;
      // Comparing lines takes time; those of whole records are compared elsewhere, too.
      const isCompared = index % (level === 'full' ? 12 : 3) === 0;
      wanted.push(isCompared ? reduced(readRecord(record), level) : null);
    }
    assert.deepEqual(batch.levels, found);
    const options = randomOptions(dice);
    const lines = formatter.line(options, testSalt).render(batch, Number.POSITIVE_INFINITY);
    for (const [index, record] of wanted.entries()) {
      if (record === null) continue;
      const got = lines.bytes.toString('utf8', lineStart(lines, index), lines.ends[index]);
      const input = { policy, options, salt: testSalt, headers: 'apply', arrivalMs: testArrivalMs } as const;
      assert.equal(got, expectedLine(record, input).toString(), `seed ${seed}: ${record.text}`);
    }
    batch.release();
  }
  for (const level of levels) assert.ok(counts[level] > 1000, `${level}: ${counts[level]}`);
});

const health = request({ path: '/health' });

test('the first rule that fits counts, and a record that none fits is written in full', () => {
  const rules = rulesOf(
    [{ path: '/health*' }, 'none'],
    [{ operation: 'read', path: '/catalog/*' }, 'metadata'],
    [{ path: ['/catalog/private', '/orders*'] }, 'request'],
    [{ path: '/catalog/*' }, 'none'],
  );
  assert.deepEqual(
    levelsOf(rules, [
      health,
      request({ path: '/healthz/deep' }),
      request({ operation: 'read', path: '/catalog/1' }),
      request({ operation: 'update', path: '/catalog/private' }),
      request({ operation: 'update', path: '/catalog/1' }),
      request({ path: '/orders' }),
      request({ path: '/Health' }),
      request({ path: '/catalog' }),
      '{}',
    ]),
    ['none', 'none', 'metadata', 'request', 'none', 'request', 'full', 'full', 'full'],
  );
});

test('every field can be asked for, and all that is asked for must be there', () => {
  const whole = {
    type: 'response',
    outcome: 'success',
    request: {
      method: 'GET',
      operation: 'read',
      path: '/a',
      route: '/:x',
      mount_point: 'kv/',
      namespace: { path: 'ns1/' },
      tenant: 'eu',
    },
  };
  const match = {
    method: 'GET',
    operation: 'read',
    path: '/a',
    route: '/:x',
    mount: 'kv/',
    namespace: 'ns1/',
    tenant: 'eu',
    outcome: 'success',
    type: 'response',
  };
  assert.deepEqual(levelsOf(rulesOf([match, 'none']), [JSON.stringify(whole)]), ['none']);
  for (const field of Object.keys(match)) {
    const text = JSON.stringify(whole);
    assert.deepEqual(levelsOf(rulesOf([{ [field]: '*' }, 'none']), [text]), ['none'], field);
    assert.deepEqual(levelsOf(rulesOf([{ ...match, [field]: 'other' }, 'none']), [text]), ['full'], field);
    assert.deepEqual(levelsOf(rulesOf([{ [field]: '*' }, 'none']), ['{"auth":{}}']), ['full'], field);
  }
});

test('a path is looked at without its query and fragment', () => {
  const rules = rulesOf([{ path: '/health' }, 'none']);
  const paths = ['/health?a', '/health#a', '/health?#?', '/health#?x=1', '/health?'.padEnd(20_000, 'x')];
  for (const path of paths)
    assert.deepEqual(levelsOf(rules, [request({ path })]), ['none'], path.slice(0, 20));
  assert.deepEqual(levelsOf(rules, ['{"request":{"path":"/health\\u003fa"}}']), ['none']);
  assert.deepEqual(levelsOf(rules, [request({ path: '/healt?h' }), request({ path: '?/health' })]), [
    'full',
    'full',
  ]);
});

test('a mount is named with or without its namespace, and a folder with or without its slash', () => {
  const inNamespace = (mount_point: string, namespace: string): string =>
    request({ mount_point, namespace: { path: namespace } });
  const cases: [pattern: Partial<Record<MatchedField, string>>, record: string, level: Level][] = [
    [{ mount: 'ns1/kv' }, inNamespace('ns1/kv/', 'ns1/'), 'none'],
    [{ mount: 'ns1/kv/' }, inNamespace('kv/', 'ns1'), 'none'],
    [{ mount: 'ns1/kv/' }, inNamespace('kv', 'ns1'), 'none'],
    [{ mount: 'kv', namespace: 'ns1' }, inNamespace('kv/', 'ns1/'), 'none'],
    [{ mount: 'kv' }, inNamespace('ns1/kv/', 'ns1/'), 'full'],
    [{ mount: 'k' }, inNamespace('kv/', 'ns1/'), 'full'],
    [{ namespace: 'ns1/*' }, inNamespace('kv/', 'ns1'), 'none'],
    [{ namespace: 'ns1/*' }, inNamespace('kv/', 'ns1/ns2'), 'none'],
    [{ namespace: 'ns1/*' }, inNamespace('kv/', 'ns10'), 'full'],
    [{ namespace: '*' }, inNamespace('kv/', ''), 'none'],
    [{ mount: 'm\u00fc' }, '{"request":{"mount_point":"m\\u00fc"}}', 'none'],
  ];
  for (const [match, record, level] of cases) {
    assert.deepEqual(
      levelsOf(rulesOf([match, 'none']), [record]),
      [level],
      `${JSON.stringify(match)} ${record}`,
    );
  }
});

test('a text of any length is itself, and every rest only with a star', () => {
  for (const length of [1, 2, 15, 16, 17, 31, 32, 33, 49, 512, 1023]) {
    const path = `/${'abcdefg'.repeat(200)}`.slice(0, length);
    const records = [path.slice(0, -1), path, `${path}x`].map((each) => request({ path: each }));
    assert.deepEqual(levelsOf(rulesOf([{ path }, 'none']), records), ['full', 'none', 'full'], path);
    assert.deepEqual(
      levelsOf(rulesOf([{ path: `${path}*` }, 'none']), records),
      ['full', 'none', 'none'],
      path,
    );
    const others = [0, length >> 1, length - 1].map((at) => `${path.slice(0, at)}!${path.slice(at + 1)}`);
    assert.deepEqual(levelsOf(rulesOf([{ path: others }, 'none']), records), ['full', 'full', 'full']);
  }
});

test('a caller cannot hide: what counts is what is read in the line, and what is no text fits nothing', () => {
  const rules = rulesOf([{ path: '/health*' }, 'none']);
  assert.deepEqual(
    levelsOf(rules, [
      '{"request":{"path":"/health","path":"/orders"}}',
      '{"request":{"path":"/orders","p\\u0061th":"\\/health"}}',
      '{"request":{"path":"/health"},"request":{}}',
      '{"request":{"path":"/health"},"request":null}',
      '{"request":{"path":"/health","path":7}}',
      '{"request":{"path":["/health"]}}',
      '{"request":[{"path":"/health"}]}',
      '{"path":"/health"}',
      '{"Request":{"path":"/health"}}',
      '{"request":{"Path":"/health"}}',
      `{"request":{"path":"/health\\u0078${'x'.repeat(8200)}"}}`,
      `{"request":{"path":"/health${'x'.repeat(100_000)}"}}`,
    ]),
    ['full', 'none', 'full', 'full', 'full', 'full', 'full', 'full', 'full', 'full', 'full', 'none'],
  );
});

test('of a text that is very long and has escapes the beginning counts, unless its path may lead elsewhere', () => {
  const spelt = (begin: string): string => `${begin}\\u0078${'x\\u0078'.repeat(3000)}`;
  const record = `{"request":{"path":"${spelt('/a')}","tenant":"${spelt('t')}","mount_point":"${spelt('m')}","namespace":{"path":"${spelt('n')}"}}}`;
  for (const [match, level, expected] of [
    [{ path: '/a*' }, 'request', 'metadata'],
    [{ path: '/ax*' }, 'full', 'full'],
    [{ path: `/a${'x'.repeat(1021)}*` }, 'full', 'full'],
    [{ tenant: 'tx*' }, 'none', 'none'],
    [{ mount: 'mx*', namespace: 'nx*' }, 'none', 'none'],
    [{ tenant: 'ty*' }, 'none', 'metadata'],
    [{ tenant: 'tx' }, 'none', 'metadata'],
  ] as const) {
    const rules = rulesOf([match, level], [{}, 'metadata']);
    assert.deepEqual(levelsOf(rules, [record]), [expected], JSON.stringify(match));
  }
});

test('a path that some server takes for another one is not known to begin so, unless more is written then', () => {
  const paths = [
    ...[
      '/health/../orders',
      '/health/..',
      '/health/./../orders',
      '/health/%2e%2E/orders',
      '/health/.%2e/orders',
    ],
    ...['/health%2f..%2Forders', '/health/..%5Corders', '/health\\..\\orders', '/health/..;x/orders'],
  ];
  const plain = [
    '/health/...',
    '/health/.x',
    '/health/..x',
    '/health/a..',
    '/health/%2e%2',
    '/health/%2e%2ex',
    '/health.',
    '/health%',
  ];
  const records = [...paths, ...paths.map((each) => `${each}?a=/b`)].map((path) => request({ path }));
  const all = (level: Level): Level[] => records.map(() => level);
  assert.deepEqual(levelsOf(rulesOf([{ path: '/health*' }, 'none']), records), all('full'));
  assert.deepEqual(levelsOf(rulesOf([{ path: '/health*' }, 'full'], [{}, 'none']), records), all('full'));
  assert.deepEqual(levelsOf(rulesOf([{ path: paths }, 'none']), records), all('none'));
  const harmless = [...plain, '/health?to=/../x'].map((path) => request({ path }));
  assert.deepEqual(
    levelsOf(rulesOf([{ path: '/health*' }, 'none']), harmless),
    harmless.map(() => 'none'),
  );
});

test('data is left out with one comma, wherever it stands and however often', () => {
  const lineAt = (level: Level, record: string, format: 'json' | 'jsonx'): string =>
    lineOf(record, { policy: { rules: rulesOf([{}, level]) }, options: { format, jsonxFragment: true } });
  const cases: [members: string, rest: string][] = [
    ['"data":{"a":"b"}', ''],
    ['"data":1,"data":[2]', ''],
    ['"data":{"a":"b"},"status":1', '"status":1'],
    ['"status":1,"data":{"a":"b"}', '"status":1'],
    ['"status":1,"data":{"a":"b"},"x":2', '"status":1,"x":2'],
    ['"data":1,"data":2,"status":1,"data":3,"x":2,"data":4', '"status":1,"x":2'],
    [' "data" : 1 , "status":1 , "data" : 3 ', ' "status":1 '],
    ['"status":1 , "d\\u0061ta":{"data":"x"}\t,"x":2', '"status":1\t,"x":2'],
    ['"status":{"data":1}', '"status":{"data":1}'],
  ];
  for (const [members, rest] of cases) {
    const before = `{"time":"","request":{${members}},"response":{${members}}}`;
    const after = {
      metadata: `{"time":"","request":{${rest}},"response":{${rest}}}`,
      request: `{"time":"","request":{${members}},"response":{${rest}}}`,
    };
    for (const level of ['metadata', 'request'] as const) {
      for (const format of ['json', 'jsonx'] as const) {
        assert.equal(
          lineAt(level, before, format),
          lineAt('full', after[level], format),
          `${level} ${before}`,
        );
      }
    }
  }
  const elsewhere =
    '{"time":"","data":1,"auth":{"data":2},"request":[{"data":3}],"response":{"auth":{"data":4}}}';
  assert.equal(lineAt('metadata', elsewhere, 'json'), elsewhere);
});

test('where data stood in one record says nothing of the next', () => {
  const formatter = new Formatter({ ...emptyRecordPolicy, rules: rulesOf([{}, 'metadata']) });
  const line = formatter.line(defaultLineOptions, testSalt);
  const lines = ['{"time":"","request":{"data":123}}', '{"time":"","request":{"stat":123,"data":1}}'].map(
    (record) => {
      const batch = formatter.scan([Buffer.from(record)], 'apply', 0);
      const { bytes } = line.render(batch, Number.POSITIVE_INFINITY);
      batch.release();
      return bytes.toString();
    },
  );
  assert.deepEqual(lines, ['{"time":"","request":{}}\n', '{"time":"","request":{"stat":123}}\n']);
});

test('what only data that is left out had does not take the place of what is hashed for others', () => {
  const rules = rulesOf([{ operation: 'read' }, 'metadata']);
  const records = [0, 1, 2, 3].flatMap((index) => [
    `{"time":"","request":{"operation":"read","data":{"a":"same","b":"own ${index}"}},"response":{"auth":{"client_token":"same"}}}`,
    `{"time":"","request":{"data":"next ${index}"},"auth":{"client_token":"own ${index}"}}`,
  ]);
  const formatter = new Formatter({ ...emptyRecordPolicy, rules });
  const line = formatter.line(defaultLineOptions, testSalt);
  const batch = formatter.scan([Buffer.from(records.join('\n'))], 'apply', 0);
  const lines = line.render(batch, Number.POSITIVE_INFINITY).bytes.toString().trimEnd().split('\n');
  batch.release();
  for (const [index, text] of lines.entries()) {
    const about = index >> 1;
    const wanted = index % 2 === 0 ? ['same'] : [`next ${about}`, `own ${about}`];
    assert.deepEqual(
      text.match(/hmac-sha256:[0-9a-f]{64}/g),
      wanted.map((each) => line.hash(each)),
    );
  }
});

test('what was looked at leaves nothing behind', () => {
  const marker = 'marker-of-a-tenant';
  const rules = rulesOf(
    [{ tenant: 'x', namespace: 'y', mount: 'z' }, 'none'],
    [{ mount: 'z' }, 'none'],
    [{ namespace: 'z' }, 'none'],
  );
  const formatter = new Formatter({ ...emptyRecordPolicy, rules });
  const spelt = `\\u006d${marker.slice(1)}`;
  const record = `{"request":{"tenant":"${spelt}","mount_point":"${spelt}","namespace":{"path":"${marker}"}}}`;
  const batch = formatter.scan([Buffer.from(record)], 'apply', 0) as KernelBatch;
  const { kernel } = batch;
  assert.ok(kernel.memory.includes(marker));
  batch.release();
  assert.ok(!kernel.memory.includes(marker));
});
