import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionsRefused, type OptionTexts } from '../../devices/device-kind.ts';
import { deviceTypes, parseDevice, shownDeviceOptions } from '../../devices/registry.ts';

/** Messages by option of what is wrong with a device's options. */
function problems(type: string, options: OptionTexts): Record<string, string> {
  try {
    parseDevice(type, options);
  } catch (error) {
    assert.ok(error instanceof OptionsRefused);
    assert.equal(error.message, error.problems.map(({ message }) => message).join('; '));
    return Object.fromEntries(error.problems.map(({ option, message }) => [option, message]));
  }
  return {};
}

/** Hints by option: what is wanted, where the message does not say it. */
function hints(type: string, options: OptionTexts): Record<string, string | undefined> {
  try {
    parseDevice(type, options);
  } catch (error) {
    assert.ok(error instanceof OptionsRefused);
    return Object.fromEntries(error.problems.map(({ option, hint }) => [option, hint]));
  }
  return {};
}

test('there are these types', () => {
  assert.deepEqual([...deviceTypes].sort(), ['file', 'http', 'socket', 'syslog']);
});

test('defaults are filled in and the result is frozen', () => {
  const parsed = parseDevice('file', { file_path: '/x' });
  assert.deepEqual(parsed.lane, { writeTimeoutMs: 2000, queueBytes: 64 * 1024 * 1024, skipTest: false });
  assert.deepEqual(parsed.line, {
    format: 'json',
    jsonxFragment: false,
    hmacAccessor: true,
    logRaw: false,
    elideListResponses: false,
    hashTimestamps: false,
    hashNumbers: 'by_profile',
    prefix: '',
  });
  assert.ok(Object.isFrozen(parsed) && Object.isFrozen(parsed.lane) && Object.isFrozen(parsed.line));
});

test('every option of lines and lanes is read', () => {
  const parsed = parseDevice('file', {
    path: 'discard',
    format: 'jsonx',
    jsonx_fragment: '1',
    hmac_accessor: 'F',
    log_raw: 'T',
    elide_list_responses: 'True',
    hash_timestamps: 'true',
    hash_numbers: '0',
    prefix: '@cee: ',
    write_timeout: '0',
    queue_bytes: '1MiB',
    skip_test: 'true',
  });
  assert.deepEqual(parsed.lane, { writeTimeoutMs: 0, queueBytes: 1024 * 1024, skipTest: true });
  assert.deepEqual(parsed.line, {
    format: 'jsonx',
    jsonxFragment: true,
    hmacAccessor: false,
    logRaw: true,
    elideListResponses: true,
    hashTimestamps: true,
    hashNumbers: false,
    prefix: '@cee: ',
  });
});

test('an unknown type is refused, with the types there are', () => {
  assert.equal(problems('fiel', {})['type'], 'unknown backend type: "fiel"');
  assert.match(hints('fiel', {})['type']!, /^did you mean "file"\? wanted "file"/);
});

test('an unknown option is refused, with the options there are', () => {
  const { frameing } = problems('socket', { address: 'h:1', frameing: 'newline' });
  assert.match(frameing!, /^Unknown option "frameing": did you mean "framing"\? type "socket" has address, /);
});

test('every problem is told, not the first alone', () => {
  const found = problems('file', { mode: '9', sync: 'yes', write_timeout: 'soon', nope: '1' });
  assert.deepEqual(Object.keys(found).sort(), ['file_path', 'mode', 'nope', 'sync', 'write_timeout']);
  assert.equal(found['sync'], 'Cannot use option "sync" value "yes": wanted "none" or "data"');
  assert.equal(found['file_path'], 'file_path is required');
  assert.equal(hints('file', {})['file_path'], 'wanted the path of a file, "stdout" or "discard"');
});

test('a message quotes the start of a long value only', () => {
  const { mode } = problems('file', { file_path: '/x', mode: `9${'x'.repeat(500)}TheEnd` });
  assert.ok(!mode!.includes('TheEnd'));
});

const refused: [string, string, OptionTexts, RegExp][] = [
  ['file', 'file_path', { file_path: '/dev/stdout' }, /"stdout"/],
  ['file', 'file_path', { file_path: '' }, /wanted the path of a file/],
  ['file', 'path', { file_path: '/x', path: '/y' }, /old name of "file_path"/],
  ['file', 'mode', { file_path: '/x', mode: '20000000644' }, /octal/],
  ['file', 'jsonx_fragment', { file_path: '/x', jsonx_fragment: 'true' }, /"jsonx"/],
  ['file', 'prefix', { file_path: '/x', prefix: 'a\nb' }, /line break/],
  ['file', 'queue_bytes', { file_path: '/x', queue_bytes: '0' }, /size/],
  ['file', 'prefix', { file_path: '/x', prefix: '\u001b[2J' }, /control character/],
  ['file', 'prefix', { file_path: '/x', prefix: 'p'.repeat(64 * 1024 + 1) }, /at most 64 KiB/],
  ['file', 'format', { file_path: '/x', format: 'yaml' }, /^unknown format type "yaml"$/],
  ['socket', 'address', {}, /^address is required$/],
  ['socket', 'address', { address: 'host' }, /host:port/],
  ['socket', 'socket_type', { address: '/x' }, /"unix" or "unixgram" for a path/],
  ['socket', 'socket_type', { address: 'h:1', socket_type: 'unix' }, /a path for that type/],
  ['socket', 'socket_type', { address: '/x', socket_type: 'unixpacket' }, /no implementation in Node/],
  [
    'socket',
    'framing',
    { address: 'h:1', socket_type: 'udp', framing: 'newline' },
    /each datagram is one message/,
  ],
  ['socket', 'tls', { address: 'h:1', socket_type: 'udp', tls: 'true' }, /wanted socket_type "tcp"/],
  ['socket', 'tls', { address: '/x', socket_type: 'unix', tls: 'true' }, /wanted socket_type "tcp"/],
  ['socket', 'tls_ca_cert', { address: 'h:1', tls_ca_cert: '/ca' }, /wanted "tls" to be "true"/],
  ['socket', 'tls_client_key', { address: 'h:1', tls: '1', tls_client_cert: '/c' }, /both or neither/],
  ['syslog', 'facility', { facility: 'NOPE' }, /^invalid syslog facility: NOPE$/],
  ['syslog', 'tag', { address: 'h:1', tag: 'a b' }, /48/],
  ['syslog', 'tag', { tag: 'x'.repeat(33) }, /32/],
  [
    'syslog',
    'framing',
    { address: 'h:1', socket_type: 'tcp', tls: '1', framing: 'newline' },
    /octet-counting/,
  ],
  ['syslog', 'rfc', { rfc: '1' }, /"5424" or "3164"/],
  ['syslog', 'max_message_bytes', { max_message_bytes: '0' }, /size/],
  ['http', 'uri', {}, /^uri is required$/],
  [
    'http',
    'uri',
    { uri: 'foo' },
    /^audit backend failed test message: failed to perform request: Post "foo": unsupported protocol scheme ""$/,
  ],
  [
    'http',
    'uri',
    { uri: 'ftp://user:hunter2@h/x?token=hunter2' },
    /Post "ftp:\/\/h\/x": unsupported protocol scheme "ftp"$/,
  ],
  ['http', 'uri', { uri: 'http://user:hunter2@h:99999/' }, /^Cannot use option "uri": wanted an "http"/],
  ['http', 'tls_ca_cert', { uri: 'http://h/', tls_ca_cert: '/ca' }, /wanted an "https" uri/],
  ['http', 'tls_client_key', { uri: 'https://h/', tls_client_cert: '/c' }, /both or neither/],
  ...[
    '{"a":"hunter2"}',
    '{"a":["hunter2"]',
    '["hunter2"]',
    'null',
    '{"a":[1]}',
    '{"a b":["hunter2"]}',
    '{"a":["hunter2\\r\\nX: y"]}',
    '{"a":["\\u0100"]}',
    '{"Transfer-Encoding":["chunked"]}',
    '{"content-length":["1"]}',
  ].map((headers): [string, string, OptionTexts, RegExp] => [
    'http',
    'headers',
    { uri: 'http://h/', headers },
    /^Cannot use option "headers": wanted a JSON object [^2]*$/,
  ]),
];
for (const [type, option, options, message] of refused) {
  test(`${type} refuses ${JSON.stringify(options).slice(0, 80)}`, () => {
    const found = problems(type, options);
    assert.deepEqual(Object.keys(found), [option]);
    assert.match(found[option]!, message);
  });
}

test('no message about a URI holds its password, whatever is wrong with it', () => {
  const password = 'hunter2';
  for (const uri of [
    'http://user:hunter2@h:99999/',
    'http://user:hunter2@',
    'http://user:hunter2',
    'https://user:hunter2%zz@h/',
    'http:user:hunter2@h/',
    'http:/user:hunter2@h/',
    'ftp://user:hunter2@h/x?token=hunter2',
    'ftp://user:a/hunter2@h/x',
    'ftp://user:a?hunter2@h/x',
    'ftp://user:a#hunter2@h/x',
    'ftp://user:a@hunter2@h/x',
    'ftp://user:hunter2',
    'ftp:user:hunter2',
    'htps:/user:hunter2@h/',
    '//user:hunter2@h/',
    'user:hunter2@h/x',
    'user:hunter2',
    ' http://user:hunter2@h/',
    'h/x?token=hunter2',
    'h/x#hunter2',
    `ftp://user:${'hunter2'.repeat(20)}@h/`,
  ]) {
    for (const option of ['uri', 'headers']) {
      const found = problems('http', { uri: 'http://h/', [option]: uri });
      assert.ok(found[option] !== undefined, uri);
      assert.doesNotMatch(Object.values(found).join(), new RegExp(password), uri);
    }
    // In the wrong place, too, as long as it looks like one.
    if (!uri.includes('@')) continue;
    for (const [type, option] of [
      ['socket', 'address'],
      ['syslog', 'facility'],
      ['file', 'mode'],
      ['file', uri],
    ] as const) {
      const found = problems(type, { [option]: uri });
      assert.doesNotMatch(
        JSON.stringify(found).replaceAll(JSON.stringify(uri), ''),
        new RegExp(password),
        uri,
      );
    }
  }
});

test('a list of devices shows no password, token or header value, and all else', () => {
  const shown = (uri: string, headers = '{}'): Record<string, string> =>
    shownDeviceOptions('http', { uri, headers, batch: 'true' });
  for (const [uri, wanted] of [
    ['http://h:8088/a?x=1', 'http://h:8088/a?x=1'],
    ['HTTP://h', 'HTTP://h'],
    ['http://h/a@b', 'http://h/a@b'],
    ['https://user:hunter2@h:8088/a?x=1', 'https://(hidden)@h:8088/a?x=1'],
    ['https://hunter2@h/', 'https://(hidden)@h/'],
    ['https://h/a?x=1&Token=hunter2&api_key=hunter2&y', 'https://h/a?x=1&Token=(hidden)&api_key=(hidden)&y'],
    ['https://user:hunter2@h:99999/', 'https://(hidden)@h:99999/'],
    ['user:hunter2@h', '(hidden)@h'],
  ] as const) {
    assert.deepEqual(shown(uri), { uri: wanted, headers: '{}', batch: 'true' });
  }
  assert.equal(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as an operator writes it
    shown('http://h', '{"A": ["hunter2", " env://TOKEN "], "B":["file:///token","Splunk ${credential:x}"]}')[
      'headers'
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as an operator writes it
    '{"A":["(hidden)","env://TOKEN"],"B":["file:///token","Splunk ${credential:x}"]}',
  );
  assert.equal(shown('http://h', '{"a":"hunter2"}')['headers'], '(hidden)');
  assert.deepEqual(shownDeviceOptions('none', { password: 'hunter2' }), {});
  assert.deepEqual(shownDeviceOptions('file', { path: '/x', prefix: 'a:b@c' }), {
    path: '/x',
    prefix: 'a:b@c',
  });
});
