import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { LineOptions } from '../../format/line-options.ts';
import { lineOf, testSalt } from './line-of.ts';

const root = '<json:object xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx">';

function xmlOf(record: string, options: Partial<LineOptions> = {}): string {
  return lineOf(record, { options: { format: 'jsonx', ...options } });
}

/** The elements within the root. */
function innerOf(record: string, options: Partial<LineOptions> = {}): string {
  const xml = xmlOf(record, options);
  assert.ok(xml.startsWith(root) && xml.endsWith('</json:object>'), xml);
  return xml.slice(root.length, -'</json:object>'.length);
}

const time = '<json:number name="time">0</json:number>';

test('each kind of value is an element with its name, and has none in an array', () => {
  assert.equal(
    innerOf('{"time":0,"auth":{"policies":["a",[],{}],"n":-1.50e+9,"t":true,"f":false,"z":null}}', {
      logRaw: true,
    }),
    `${time}<json:object name="auth"><json:array name="policies"><json:string>a</json:string><json:array></json:array>` +
      '<json:object></json:object></json:array><json:number name="n">-1.50e+9</json:number>' +
      '<json:boolean name="t">true</json:boolean><json:boolean name="f">false</json:boolean><json:null name="z" /></json:object>',
  );
  assert.equal(
    innerOf('{ "time" : 0 , "auth" : [ null , 1 , true ] }'),
    `${time}<json:array name="auth"><json:null /><json:number>1</json:number><json:boolean>true</json:boolean></json:array>`,
  );
});

test('a fragment has no root', () => {
  assert.equal(
    xmlOf('{"time":0,"type":"a"}', { jsonxFragment: true }),
    `${time}<json:string name="type">a</json:string>`,
  );
  assert.equal(
    xmlOf('{"type":"a"}', { jsonxFragment: true, prefix: '- ' }),
    '- <json:string name="time">2026-11-22T04:45:03.932Z</json:string><json:string name="type">a</json:string>',
  );
});

test('strings are hashed and options count as for JSON', () => {
  const hash = `hmac-sha256:${createHmac('sha256', testSalt).update('s.x').digest('hex')}`;
  assert.equal(
    innerOf('{"time":0,"auth":{"client_token":"s.x"},"a":["s.x"]}'),
    `${time}<json:object name="auth"><json:string name="client_token">${hash}</json:string></json:object><json:array name="a"><json:string>${hash}</json:string></json:array>`,
  );
  assert.equal(
    innerOf(
      '{"time":0,"type":"response","request":{"operation":"list","headers":{"a":["b"]}},"response":{"data":{"keys":["x","y"],"z":1}}}',
      { elideListResponses: true, logRaw: true },
    ),
    `${time}<json:string name="type">response</json:string><json:object name="request"><json:string name="operation">list</json:string><json:object name="headers"></json:object></json:object>` +
      '<json:object name="response"><json:object name="data"><json:number name="keys">2</json:number><json:number name="z">1</json:number></json:object></json:object>',
  );
  assert.match(
    innerOf('{"time":0,"response":{"wrap_info":{"creation_time":""}}}'),
    /<json:string name="creation_time"><\/json:string><json:string name="token">hmac-sha256:[0-9a-f]{64}<\/json:string><json:string name="accessor">hmac/,
  );
});

test('headers are written with the name of the table', () => {
  const line = lineOf('{"time":0,"request":{"headers":{"Cookie":["c"],"X-A\\u0026":["b"]}}}', {
    policy: { auditedHeaders: new Map([['x-a&', { hmac: false }]]) },
    options: { format: 'jsonx', jsonxFragment: true },
  });
  assert.equal(
    line,
    `${time}<json:object name="request"><json:object name="headers"><json:array name="x-a&amp;"><json:string>b</json:string></json:array></json:object></json:object>`,
  );
});

const odd =
  '<a b=\\"c\\">&amp;\'</a>]]>\\u0009\\n\\r\\u0000\\u001f\\b\\ud800\\ufffe\\uffff\ufffe\uffff\\u003c\\"\\/\u007fGrüße\\u20ac\u{1f600}\\ud83d\\ude00';
const escapedOdd =
  "&lt;a b=&quot;c&quot;&gt;&amp;amp;'&lt;/a&gt;]]&gt;&#9;&#10;&#13;\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd&lt;&quot;/\u007fGrüße€\u{1f600}\u{1f600}";

test('text and names are escaped, and what XML cannot hold becomes U+FFFD', () => {
  assert.equal(
    innerOf(`{"time":0,"${odd}":"${odd}"}`, { logRaw: true }),
    `${time}<json:string name="${escapedOdd}">${escapedOdd}</json:string>`,
  );
});

test('lines of any size are measured before they are written', () => {
  const long = '<'.repeat(600_000);
  assert.equal(
    innerOf(`{"time":0,"error":"${long}"}`),
    `${time}<json:string name="error">${'&lt;'.repeat(600_000)}</json:string>`,
  );
  const deep = `{"time":0,"a":${'['.repeat(9_999)}${']'.repeat(9_999)}}`;
  assert.equal(
    innerOf(deep).length,
    time.length + 9_999 * '<json:array></json:array>'.length + ' name="a"'.length,
  );
});

test('an XML parser reads what was written', (t) => {
  const found = spawnSync('xmllint', ['--version']);
  if (found.error !== undefined) return t.skip('xmllint is missing: install libxml2-utils');
  const record = `{"time":0,"error":"${odd}","auth":{"metadata":{"${odd}":["a b",null]}}}`;
  const xml = xmlOf(record);
  const text = (path: string): string => {
    const { stdout, stderr, status } = spawnSync('xmllint', ['--nonet', '--xpath', path, '-'], {
      input: xml,
    });
    assert.equal(status, 0, stderr.toString());
    return stdout.toString().replace(/\n$/, '');
  };
  const decoded =
    '<a b="c">&amp;\'</a>]]>\t\n\r\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd<"/\u007fGrüße€\u{1f600}\u{1f600}';
  assert.equal(text('string(/*/*[@name="error"])'), decoded);
  assert.equal(text('string(/*/*[@name="auth"]/*/*[1]/@name)'), decoded);
  assert.equal(text('string(/*/*[@name="auth"]/*/*/*[1])'), 'a b');
  return undefined;
});
