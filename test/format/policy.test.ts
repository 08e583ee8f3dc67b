import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter, PolicyRefused } from '../../format/formatter.ts';
import { parseJsonPath } from '../../format/json-path.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import { lineOf, testSalt } from './line-of.ts';

function shown(record: string, clearFields: readonly string[]): string {
  return lineOf(record, { policy: { clearFields } }).replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '#');
}

test('a clear field is one path', () => {
  assert.equal(
    shown(
      '{"time":"","request":{"service_name":"a","service_names":"b","x":{"service_name":"c"}},"service_name":"d"}',
      ['request.service_name'],
    ),
    '{"time":"","request":{"service_name":"a","service_names":"#","x":{"service_name":"#"}},"service_name":"#"}',
  );
});

test('a star at the end of a name, brackets and two stars stand for names, elements and all below', () => {
  assert.equal(
    shown(
      '{"time":"","x_one":"a","x_":"b","x":"c","tags":["d",["e"]],"all":{"f":{"g":["h"]}},"any":{"i":{"last":"j"},"k":{"other":"l"}}}',
      ['x_*', 'tags[]', 'all.**', 'any.*.last'],
    ),
    '{"time":"","x_one":"a","x_":"b","x":"#","tags":["d",["#"]],"all":{"f":{"g":["h"]}},"any":{"i":{"last":"j"},"k":{"other":"#"}}}',
  );
  assert.equal(
    shown('{"time":"","all":"a","l":[{"m":"b"}]}', ['all.**', 'l[].m']),
    '{"time":"","all":"#","l":[{"m":"b"}]}',
  );
});

test('rules that overlap all count', () => {
  assert.equal(
    shown('{"time":"","a":{"b":{"c":"1","d":"2"},"bx":{"c":"3","e":"4"},"z":{"c":"5"}}}', [
      'a.b.c',
      'a.b*.e',
      'a.*.c',
      'a.bx.none',
    ]),
    '{"time":"","a":{"b":{"c":"1","d":"#"},"bx":{"c":"3","e":"4"},"z":{"c":"5"}}}',
  );
});

test('a field in data may be clear, its neighbours stay hashed', () => {
  assert.equal(
    shown(
      '{"time":"","request":{"data":{"name":"a","sub":{"name":"b"},"list":[{"id":"c","x":"d"}]}},"response":{"data":{"name":"e"}}}',
      ['request.data.name', 'request.data.list[].id'],
    ),
    '{"time":"","request":{"data":{"name":"a","sub":{"name":"#"},"list":[{"id":"c","x":"#"}]}},"response":{"data":{"name":"#"}}}',
  );
});

test('a clear field may name an accessor', () => {
  assert.equal(
    shown('{"time":"","auth":{"accessor":"a","client_token":"b"}}', ['auth.accessor']),
    '{"time":"","auth":{"accessor":"a","client_token":"#"}}',
  );
});

test('each of many names is found, and no other, also when their first bytes and lengths are alike', () => {
  const names = Array.from({ length: 600 }, (_, index) => `same_start_${String(index).padStart(4, '0')}`);
  names.push(...Array.from({ length: 600 }, (_, index) => `${index}`), 'eight_by', 'nine_byte', '');
  const odd = names.filter((_, index) => index % 2 === 1);
  const mounts = new Map([['m/', { requestKeys: odd, responseKeys: names }]]);
  const data = (value: (name: string) => string): object =>
    Object.fromEntries(names.map((name) => [name, value(name)]));
  const record = (value: (name: string) => string): string =>
    JSON.stringify({
      time: '',
      request: { mount_point: 'm/', data: data(value) },
      response: { data: data(() => 'x') },
    });
  const line = lineOf(
    record(() => 'x'),
    { policy: { mounts } },
  ).replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '#');
  assert.equal(
    line,
    record((name) => (odd.includes(name) ? 'x' : '#')),
  );
});

function refusal(clearFields: readonly string[]): PolicyRefused {
  try {
    new Formatter({ ...emptyRecordPolicy, clearFields });
  } catch (error) {
    if (error instanceof PolicyRefused) return error;
    throw error;
  }
  throw new Error('It was not refused');
}

test('a clear field that reaches a token or the headers is refused, and every one is named', () => {
  const bad = [
    'auth.client_token',
    'request.**',
    'response.wrap_info.*',
    '*.client_token',
    '**',
    'request.headers.x[]',
    'request.headers',
  ];
  const { problems } = refusal([...bad, 'request.fine']);
  assert.deepEqual(
    problems.map((problem) => problem.entry),
    bad,
  );
  assert.equal(
    problems[0]!.message,
    'Cannot leave "auth.client_token" readable: "auth.client_token" holds a token and is always hashed',
  );
  assert.match(
    problems[1]!.message,
    /^Cannot leave "request\.\*\*" readable: "request\.client_token" holds a token/,
  );
});

test('a path that cannot be read is refused', () => {
  for (const path of [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a.**.b',
    'a*b',
    'a[',
    'a[0]',
    '[]',
    'a[]b',
    '***',
    '$.a b[',
  ]) {
    assert.equal(parseJsonPath(path), null, path);
    assert.match(refusal([path]).message, /^Cannot leave ".*" readable: a path such as/);
  }
});

test('a name that no table can hold is refused', () => {
  const long = 'x'.repeat(1025);
  assert.throws(
    () => new Formatter({ ...emptyRecordPolicy, auditedHeaders: new Map([[long, { hmac: true }]]) }),
    PolicyRefused,
  );
  assert.throws(() => new Formatter({ ...emptyRecordPolicy, unauditedPaths: [long] }), PolicyRefused);
  new Formatter({ ...emptyRecordPolicy, unauditedPaths: [long.slice(1)] });
});

test('a new policy counts from the next scan, and one that is refused changes nothing', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const line = formatter.line(defaultLineOptions, testSalt);
  const record = [Buffer.from('{"time":"","x":"y"}\n')];
  const rendered = (): string => {
    const batch = formatter.scan(record, 'apply', 0);
    const { bytes } = line.render(batch, 1000);
    batch.release();
    return bytes.toString();
  };
  assert.match(rendered(), /hmac/);
  const open = formatter.scan(record, 'apply', 0);
  formatter.setPolicy({ ...emptyRecordPolicy, clearFields: ['x'] });
  assert.equal(rendered(), '{"time":"","x":"y"}\n');
  assert.match(line.render(open, 1000).bytes.toString(), /hmac/);
  open.release();
  assert.throws(() => formatter.setPolicy({ ...emptyRecordPolicy, clearFields: ['auth.**'] }), PolicyRefused);
  assert.equal(rendered(), '{"time":"","x":"y"}\n');
});
