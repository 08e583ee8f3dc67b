import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MountKeys } from '../../format/line-options.ts';
import { lineOf, linesOf } from './line-of.ts';

const mounts: ReadonlyMap<string, MountKeys> = new Map([
  ['secret/', { requestKeys: ['arr', 'clear', 'ümlaut', ''], responseKeys: ['out'] }],
  ['ns1/secret/', { requestKeys: ['inner'], responseKeys: [] }],
  ['ns1/deep/secret/', { requestKeys: [], responseKeys: ['inner'] }],
]);

/** The record with every hash written as `#`. */
function shown(record: string): string {
  return lineOf(record, { policy: { mounts } }).replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '#');
}

function requestWith(data: string, more: string = ''): string {
  return `{"time":"","request":{"mount_point":"secret/",${more}"data":${data}}}`;
}

test('a string stays readable by its innermost key, through arrays, and a child object does not inherit', () => {
  assert.equal(
    shown(requestWith('{"arr":["A1",["A2"],{"k":"x","clear":"y"}],"k":{"clear":"z","o":["p"]}}')),
    requestWith('{"arr":["A1",["A2"],{"k":"#","clear":"y"}],"k":{"clear":"z","o":["#"]}}'),
  );
});

test('keys match exactly, by their text and not by their spelling', () => {
  assert.equal(
    shown(
      requestWith(
        '{"Clear":"a","clear ":"b","clea":"c","cl\\u0065ar":"d","\\u00fcmlaut":"e","ümlaut":"f","":"g"}',
      ),
    ),
    requestWith(
      '{"Clear":"#","clear ":"#","clea":"#","cl\\u0065ar":"d","\\u00fcmlaut":"e","ümlaut":"f","":"g"}',
    ),
  );
});

test('request keys count for request data and response keys for response data, in both types of entry', () => {
  for (const type of ['request', 'response']) {
    const record = (hash: string): string =>
      `{"time":"","type":"${type}","request":{"mount_point":"secret/","data":{"clear":"a","out":"${hash}"}},` +
      `"response":{"data":{"clear":"${hash}","out":"a"}}}`;
    const line = shown(record('b'));
    assert.equal(line, record('#'));
  }
});

test('keys count in data only', () => {
  assert.equal(
    shown(
      '{"time":"","request":{"mount_point":"secret/","clear":"a","x":{"clear":"b"}},"auth":{"clear":"c"}}',
    ),
    '{"time":"","request":{"mount_point":"secret/","clear":"#","x":{"clear":"#"}},"auth":{"clear":"#"}}',
  );
});

test('data that is itself a string or an array has no key', () => {
  const dataKey = new Map([['secret/', { requestKeys: ['data'], responseKeys: [] }]]);
  for (const data of ['"a"', '["a",["b"]]']) {
    assert.match(lineOf(requestWith(data), { policy: { mounts: dataKey } }), /"data":\[?"hmac/);
  }
  const inner = requestWith('{"data":"a"}');
  assert.equal(lineOf(inner, { policy: { mounts: dataKey } }), inner);
});

test('the mount is found when it comes after the data', () => {
  const record = (hash: string): string =>
    `{"time":"","response":{"data":{"out":"a","clear":"${hash}"}},"request":{"data":{"clear":"b","x":"${hash}"},"mount_point":"secret/"}}`;
  assert.equal(shown(record('v')), record('#'));
});

test('the last mount point counts, and a later request replaces the earlier one', () => {
  const data = '"data":{"clear":"a","inner":"b"}';
  const hashes = (clear: string, inner: string): string => `"data":{"clear":"${clear}","inner":"${inner}"}`;
  const twice = (middle: string): string =>
    `{"time":"","request":{"mount_point":"secret/",${middle},"mount_point":"other/"}}`;
  assert.equal(shown(twice(data)), twice(hashes('#', '#')));
  const replaced = (middle: string): string =>
    `{"time":"","request":{"mount_point":"secret/",${middle}},"request":{"id":"x"}}`;
  assert.equal(shown(replaced(data)), replaced(hashes('#', '#')));
  const number = (middle: string): string =>
    `{"time":"","request":{"mount_point":"secret/",${middle},"mount_point":1}}`;
  assert.equal(shown(number(data)), number(hashes('#', '#')));
});

test('keys count at any depth, and an array is that of its own key after what stood in it', () => {
  for (const levels of [1, 2, 600, 9_990]) {
    const around = (inside: string): string =>
      requestWith(
        `{"arr":[${'{"k":['.repeat(levels / 2)}${inside}${']}'.repeat(levels / 2)},"after"],"k":"#"}`,
      );
    const inside = (hash: string): string =>
      `{"clear":["a",[{"k":"${hash}","arr":[["b"],"c"]},"d"],{},[],"e"],"k":["${hash}",{"clear":"f"},"${hash}"]}`;
    assert.equal(
      shown(around(inside('v'))).replaceAll('"k":"#"', '"k":"v"'),
      around(inside('#')).replaceAll('"k":"#"', '"k":"v"'),
    );
  }
});

test('a mount is of its namespace, with or without the slash', () => {
  const record = (path: string, data: string): string =>
    `{"time":"","request":{"mount_point":"secret/","namespace":{"path":"${path}"},"data":${data}}}`;
  const data = '{"clear":"a","inner":"b"}';
  assert.equal(shown(record('', data)), record('', '{"clear":"a","inner":"#"}'));
  assert.equal(shown(record('ns1/', data)), record('ns1/', '{"clear":"#","inner":"b"}'));
  assert.equal(shown(record('ns1', data)), record('ns1', '{"clear":"#","inner":"b"}'));
  assert.equal(shown(record('\\u006es1', data)), record('\\u006es1', '{"clear":"#","inner":"b"}'));
  assert.equal(shown(record('ns1/deep', data)), record('ns1/deep', '{"clear":"#","inner":"#"}'));
  assert.equal(shown(record('ns2', data)), record('ns2', '{"clear":"#","inner":"#"}'));
});

test('a mount point that has its namespace in front already, as a real record has, is the same mount', () => {
  const record = (namespace: string, mount: string, data: string): string =>
    `{"time":"","request":{"mount_point":"${mount}","namespace":{"id":"aB3","path":"${namespace}"},"data":${data}},"response":{"data":${data}}}`;
  const data = '{"clear":"a","inner":"b"}';
  const hashed = '{"clear":"#","inner":"#"}';
  /** What is shown of the data in request and response. */
  const treated = (namespace: string, mount: string): string => {
    const [, request, response] = /"data":(.*)\},"response":\{"data":(.*)\}\}$/.exec(
      shown(record(namespace, mount, data)),
    )!;
    return `${request} ${response}`;
  };
  const inRequest = `{"clear":"#","inner":"b"} ${hashed}`;
  for (const namespace of ['ns1/', 'ns1', '\\u006es1/']) {
    for (const mount of ['ns1/secret/', 'secret/', 'ns1\\/secret/', '\\u006es1/secret/']) {
      assert.equal(treated(namespace, mount), inRequest, `${namespace} ${mount}`);
    }
  }
  const inResponse = `${hashed} {"clear":"#","inner":"b"}`;
  for (const namespace of ['ns1/deep/', 'ns1/deep']) {
    for (const mount of ['ns1/deep/secret/', 'secret/']) {
      assert.equal(treated(namespace, mount), inResponse, `${namespace} ${mount}`);
    }
  }
  // The namespace counts whole and once, and only at the front.
  for (const [namespace, mount] of [
    ['ns1/', 'ns1/ns1/secret/'],
    ['ns1/', 'ns1secret/'],
    ['ns1/', 'deep/ns1/secret/'],
    ['ns1/', 'ns1/'],
    ['ns/', 'ns1/secret/'],
    ['ns1/deep/', 'ns1/secret/'],
    ['ns1/deep/', 'deep/secret/'],
    ['ns1/secret/', 'ns1/secret/'],
  ] as const) {
    assert.equal(treated(namespace, mount), `${hashed} ${hashed}`, `${namespace} ${mount}`);
  }
  // In the root namespace a mount may be named so.
  assert.equal(treated('', 'ns1/secret/'), inRequest);
});

test('a mount named like its namespace is told from it', () => {
  const named = new Map([['ns1/ns1/', { requestKeys: ['cas'], responseKeys: [] }]]);
  for (const mount of ['ns1/', 'ns1/ns1/']) {
    const record = `{"time":"","request":{"namespace":{"path":"ns1/"},"mount_point":"${mount}","data":{"cas":"1"}}}`;
    assert.equal(lineOf(record, { policy: { mounts: named } }), record);
  }
});

test('a record as OpenBao 2.6.2 writes it in a namespace has the keys of its mount', () => {
  const policy = { mounts: new Map([['ns1/kv/', { requestKeys: ['cas'], responseKeys: [] }]]) };
  const record = (password: string): string =>
    `{"time":"","type":"request","request":{"id":"n1","operation":"update","mount_point":"ns1/kv/","namespace":{"id":"aB3","path":"ns1/"},` +
    `"path":"kv/data/app","data":{"data":{"password":"${password}"},"options":{"cas":"1"}}}}`;
  const line = lineOf(record('x'), { policy });
  assert.equal(line.replace(/hmac-sha256:[0-9a-f]{64}/, '#'), record('#'));
});

test('records without a mount point, and of unknown mounts, have nothing readable', () => {
  for (const mount of ['', '"mount_point":"unknown/",', '"mount_point":null,', '"mount_point":"secret",']) {
    assert.equal(
      shown(`{"time":"","request":{${mount}"data":{"clear":"a"}}}`),
      `{"time":"","request":{${mount}"data":{"clear":"#"}}}`,
    );
  }
});

test('a record does not inherit the mount of the one before it', () => {
  const lines = linesOf([requestWith('{"clear":"a"}'), '{"time":"","request":{"data":{"clear":"b"}}}'], {
    policy: { mounts },
  });
  assert.match(lines[0]!, /"clear":"a"/);
  assert.match(lines[1]!, /"clear":"hmac/);
});

test('among many mounts and keys each is found', () => {
  const many = new Map(
    Array.from({ length: 500 }, (_, index) => [
      `mount-${index}/`,
      {
        requestKeys: Array.from({ length: 20 }, (_, key) => `a long key number ${index + key}`),
        responseKeys: [],
      },
    ]),
  );
  for (const index of [0, 1, 250, 499]) {
    const record = (last: string): string =>
      `{"time":"","request":{"mount_point":"mount-${index}/","data":{"a long key number ${index + 19}":"a","a long key number ${index + 20}":"${last}"}}}`;
    const line = lineOf(record('b'), { policy: { mounts: many } });
    assert.equal(line.replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '#'), record('#'));
  }
});
