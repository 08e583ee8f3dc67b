import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../config/load.ts';
import { formatProblems } from '../../config/problem.ts';

/** What is wrong with `text`, one line a problem, without the file's name. */
function problemsOf(text: string): string[] {
  const { config, problems } = parseConfig('f', text);
  assert.equal(config === null, problems.length > 0);
  return problems.map((problem) => formatProblems([problem]).replace(/^f:/, ''));
}

/** `devices: {}` stands in line 1, so the lines given start at line 2. */
function assertProblems(lines: string, ...expected: string[]): void {
  assert.deepEqual(problemsOf(`devices: {}\n${lines}`), expected);
}

test('an unknown key is named with its place and the key that was meant', () => {
  assertProblems('listners: []', '2:1: listners: unknown key "listners": did you mean "listeners"?');
  assertProblems(
    'limits:\n  conections: 5',
    '3:3: limits.conections: unknown key "conections": did you mean "connections"?',
  );
  assertProblems('log: {colour: true}', '2:7: log.colour: unknown key "colour", wanted one of format, level');
  assertProblems(
    'log: {constructor: 1}',
    '2:7: log.constructor: unknown key "constructor", wanted one of format, level',
  );
  assertProblems('log: {__proto__: 1}', '2:7: log.__proto__: this name cannot be used');
});

test('a missing key is asked for', () => {
  assert.deepEqual(problemsOf('log: {format: json}'), [
    '1:1: devices: missing, wanted a map of devices, {} for none',
  ]);
  assert.deepEqual(problemsOf('devices:\n  a/: {}'), [
    '2:3: devices.a/.type: missing, wanted a type of device, such as file',
  ]);
});

test('a value of the wrong shape is named with what was found and what is wanted', () => {
  assertProblems(
    'limits: 5',
    '2:1: limits: found 5, wanted a map with the keys max_record_bytes, connection_bytes, total_bytes, connections, record_timeout, stop_timeout',
  );
  assertProblems('log: [a]', '2:1: log: found a list, wanted a map with the keys format, level');
  assertProblems('clear_fields: {a: b}', '2:1: clear_fields: found a map, wanted a list of JSON paths');
  assertProblems('state_dir: [a]', '2:1: state_dir: found a list, wanted the path of a file or folder');
  assertProblems('state_dir: ""', '2:1: state_dir: found "", wanted the path of a file or folder');
  assert.deepEqual(problemsOf('devices:'), [
    '1:1: devices: found nothing, wanted a map of devices, {} for none',
  ]);
  assert.equal(problemsOf('just text').length, 1);
});

test('words, durations, sizes and numbers are asked for with an example', () => {
  assertProblems(
    'log: {format: jsn}',
    '2:7: log.format: found "jsn", wanted text or json: did you mean "json"?',
  );
  assertProblems('profile: apis', '2:1: profile: found "apis", wanted vault or api: did you mean "api"?');
  assertProblems('profile: shop', '2:1: profile: found "shop", wanted vault or api');
  assertProblems('log: {level: 7}', '2:7: log.level: found 7, wanted debug, info, warn or error');
  assertProblems(
    'limits: {stop_timeout: abc}',
    '2:10: limits.stop_timeout: found "abc", wanted a duration such as 250ms, 1m30s or bare seconds, at most 24h',
  );
  assertProblems(
    'limits: {stop_timeout: 25h}',
    '2:10: limits.stop_timeout: found "25h", wanted a duration such as 250ms, 1m30s or bare seconds, at most 24h',
  );
  assertProblems(
    'limits: {max_record_bytes: 64M}',
    '2:10: limits.max_record_bytes: found "64M", wanted a size from 1KiB to 128MiB, such as 64MiB, 10MB or bare bytes',
  );
  assertProblems(
    'limits: {connections: 0}',
    '2:10: limits.connections: found 0, wanted a whole number from 1 to 1000000',
  );
  assertProblems(
    'limits: {connections: 1.0}',
    '2:10: limits.connections: found 1.0, wanted a whole number from 1 to 1000000',
  );
  assertProblems('admin: {allow_prefix: yes}', '2:9: admin.allow_prefix: found "yes", wanted true or false');
});

test('a file mode without quotes is refused with the way to write it', () => {
  const hint = 'found 0640 without quotes, wanted "0640": YAML takes 0640 for another number';
  assertProblems('admin: {mode: 0640}', `2:9: admin.mode: ${hint}`);
  assertProblems(
    'admin: {mode: 640}',
    '2:9: admin.mode: found 640 without quotes, wanted "0640": YAML takes 640 for another number',
  );
  assertProblems(
    'admin: {mode: 0o640}',
    '2:9: admin.mode: found 0o640, wanted a file mode in quotes, such as "0640"',
  );
  assertProblems(
    'admin: {mode: "0999"}',
    '2:9: admin.mode: found "0999", wanted a file mode in quotes, such as "0640"',
  );
  assertProblems(
    'admin: {mode: "4755"}',
    '2:9: admin.mode: found "4755", wanted a file mode in quotes, such as "0640"',
  );
  assert.deepEqual(problemsOf('devices:\n  a/: {type: file, options: {mode: 0640}}'), [
    `2:30: devices.a/.options.mode: ${hint}`,
  ]);
});

test('contradictory listeners are refused', () => {
  const listeners = (...lines: string[]): string =>
    `listeners:\n${lines.map((line) => `  - ${line}`).join('\n')}`;
  assertProblems('listeners: []', '2:1: listeners: found an empty list, wanted at least one listener');
  assertProblems(
    listeners('{}'),
    '3:5: listeners[0]: missing: wanted "path" for a UNIX stream socket, or "http" for an HTTP listener',
  );
  assertProblems(
    listeners('{path: a, http: "[::1]:1"}'),
    '3:15: listeners[0].http: this listener has a "path" too, wanted one of the two',
  );
  assertProblems(
    listeners('{http: "[::1]:1", replies: none}'),
    '3:23: listeners[0].replies: an HTTP listener answers with a status code, only a "path" listener has this',
  );
  assertProblems(
    listeners('{http: "[::1]:1", group: x}'),
    '3:23: listeners[0].group: a TCP port has neither mode nor group, only a UNIX socket has',
  );
  assertProblems(
    listeners('{path: /a}', '{path: /b/../a}'),
    '4:6: listeners[1].path: another key listens at this address already',
  );
  assertProblems(
    listeners('{path: /run/audit-sidecar/admin.sock}'),
    '1:1: admin.path: another key listens at this address already',
  );
  assertProblems(
    listeners('{http: "127.0.0.1:8219"}'),
    '1:1: metrics.listen: another key listens at this address already',
  );
  assertProblems(listeners('{http: "127.0.0.1:0"}', '{http: "127.0.0.1:0"}'));
});

test('an address that cannot be listened at is refused', () => {
  const wanted = 'wanted host:port such as 127.0.0.1:8219 or [::1]:8219, or the path of a UNIX socket';
  for (const address of ['8219', 'localhost', ':8219', 'localhost:70000', '::1:8219', '[x]:1', 'a b:1']) {
    const found = /^\d+$/.test(address) ? `"${address}"` : JSON.stringify(address);
    assertProblems(
      `metrics: {listen: ${JSON.stringify(address)}}`,
      `2:11: metrics.listen: found ${found}, ${wanted}`,
    );
  }
  assertProblems(
    `metrics: {listen: /${'x'.repeat(107)}}`,
    '2:11: metrics.listen: the path has 108 bytes, and the path of a UNIX socket can have 107',
  );
  assertProblems(
    `listeners: [{path: /${'é'.repeat(54)}}]`,
    '2:14: listeners[0].path: the path has 109 bytes, and the path of a UNIX socket can have 107',
  );
  assertProblems(`listeners: [{path: /${'x'.repeat(106)}}]`);
  assertProblems(
    'admin: {tcp: {address: "10.0.0.1:1", token_file: t}}',
    '2:15: admin.tcp.address: without "tls", wanted a loopback address such as 127.0.0.1:8218',
  );
  for (const address of ['0.0.0.0:1', '10.0.0.1:1', '[::]:1', 'h:1', '128.0.0.1:1']) {
    assertProblems(
      `listeners: [{http: "${address}"}]`,
      '2:14: listeners[0].http: wanted a loopback address such as 127.0.0.1:8217, or a UNIX socket: this listener has no TLS',
    );
  }
});

test('device paths must be usable, and none above or below another', () => {
  const device = '{type: file}';
  const wanted = 'wanted a device path such as file/ or site/siem/, without empty parts, "." or ".."';
  const problems = problemsOf(
    `devices:\n  a: ${device}\n  a/: ${device}\n  a/b/: ${device}\n  b/c: ${device}\n  b: ${device}\n  ab: ${device}\n  /d: ${device}\n  x/../y: ${device}`,
  );
  assert.deepEqual(problems, [
    '3:3: devices.a/: path already in use: "a/" is the same device path',
    '4:3: devices.a/b/: path already in use: "a/" is above it',
    '6:3: devices.b/: path already in use: "b/c/" is below it',
    `8:3: devices./d: ${wanted}`,
    `9:3: devices.x/../y: ${wanted}`,
  ]);
});

test('required devices must be there, and no more of them than are declared', () => {
  const two = 'devices:\n  file: {type: file}\n  siem: {type: socket}\n';
  assert.deepEqual(problemsOf(`${two}require: [file, siem/]`), []);
  assert.deepEqual(problemsOf(`${two}require: [file/, seim/]`), [
    '4:18: require[1]: unknown device "seim/": did you mean "siem/"?',
  ]);
  assert.deepEqual(problemsOf(`${two}require: [x]`), [
    '4:11: require[0]: unknown device "x/": wanted one that is declared under "devices"',
  ]);
  assert.deepEqual(problemsOf(`${two}require: 2`), []);
  assert.deepEqual(problemsOf(`${two}require: 3`), [
    '4:1: require: found 3, wanted at most 2: that many devices are declared here',
  ]);
  const wanted = 'wanted any, all, a number of devices from 1, or a list of device paths';
  for (const bad of ['0', '-1', '1.5'])
    assert.deepEqual(problemsOf(`${two}require: ${bad}`), [`4:1: require: found ${bad}, ${wanted}`]);
  assert.equal(problemsOf(`${two}require: []`).length, 1);
});

test('options are single values', () => {
  const options = (text: string): string[] =>
    problemsOf(`devices:\n  a/:\n    type: file\n    options:\n      x: ${text}`);
  const wanted = 'wanted text, a number, true or false';
  assert.deepEqual(options('{a: 1}'), [`5:7: devices.a/.options.x: found a map, ${wanted}`]);
  assert.deepEqual(options('[a]'), [`5:7: devices.a/.options.x: found a list, ${wanted}`]);
  assert.deepEqual(options('null'), [`5:7: devices.a/.options.x: found nothing, ${wanted}`]);
});

test('limits must fit into each other', () => {
  assertProblems(
    'limits: {max_record_bytes: 65MiB}',
    '2:10: limits.max_record_bytes: max_record_bytes is more than connection_bytes: a record of that size could never be read',
  );
  assertProblems(
    'limits: {total_bytes: 1MiB}',
    '2:10: limits.total_bytes: connection_bytes is more than total_bytes: one connection could never have that much',
  );
});

test('policies over paths, headers and mounts are checked', () => {
  assertProblems(
    'unaudited_paths: {preset: vult}',
    '2:19: unaudited_paths.preset: found "vult", wanted vault: did you mean "vault"?',
  );
  assertProblems(
    'unaudited_paths: ["a*b"]',
    '2:19: unaudited_paths[0]: "*" stands for any rest, and only at the end of a path',
  );
  const wanted =
    'a path such as "request.service_name", "request.tags[]", "request.x_*" or "request.extra.**" is wanted';
  assertProblems('clear_fields: [a..b]', `2:16: clear_fields[0]: Cannot leave "a..b" readable: ${wanted}`);
  assertProblems(
    'clear_fields: [request.service_name, auth.client_token]',
    '2:38: clear_fields[1]: Cannot leave "auth.client_token" readable: "auth.client_token" holds a token and is always hashed',
  );
  assertProblems(
    'clear_fields: [x, response.headers.**]\nhash_fields: [response.redirect, response.headers, request.id]',
    '3:34: hash_fields[1]: Cannot hash "response.headers": clear_fields has "response.headers.**"',
    '3:52: hash_fields[2]: Cannot hash "request.id": "request.id" always stays readable, for lines are found, ordered and compared between devices by it',
  );
  assertProblems('hash_fields: {a: b}', '2:1: hash_fields: found a map, wanted a list of JSON paths');
  assertProblems(
    'clear_fields: [request.headers]\nmounts: {nix: {audit_non_hmac_request_keys: [1, []]}}',
    '2:16: clear_fields[0]: Cannot leave "request.headers" readable: which headers are readable is said by audited_headers',
    '3:49: mounts.nix.audit_non_hmac_request_keys[1]: found a list, wanted a key of request.data or response.data',
  );
  assertProblems(
    `unaudited_paths: [a, ${'x'.repeat(1025)}]`,
    `2:22: unaudited_paths[1]: Cannot use path "${'x'.repeat(32)}…": it is longer than 1024 bytes`,
  );
  assertProblems(
    'audited_headers: {X-A: {}, x-a: {}}',
    '2:28: audited_headers.x-a: this header is here already: names differ by more than case',
  );
  assertProblems(
    'audited_headers: {"a b": {}}',
    '2:19: audited_headers.a b: wanted the name of a header such as user-agent',
  );
  // The sign for kelvin: its lower case is the letter.
  assertProblems(
    'audited_headers: {"X-\u212aey": {}}',
    '2:19: audited_headers.X-\u212aey: wanted the name of a header such as user-agent',
  );
  assertProblems('mounts: {secret: {}, secret/: {}}', '2:22: mounts.secret/: this mount is here already');
});

test('rules for records say what to write instead', () => {
  const members = 'path, route, mount, namespace, tenant, operation, method, outcome, type';
  assertProblems(
    'records: []',
    '2:1: records: found an empty list, wanted at least one rule such as {level: full}: leave "records" out to write everything in full',
  );
  assertProblems('records: {level: full}', '2:1: records: found a map, wanted a list of rules');
  assertProblems('records: [{}]', '2:11: records[0].level: missing, wanted none, metadata, request or full');
  assertProblems(
    'records:\n  - level: meta\n  - level: metdata',
    '3:5: records[0].level: found "meta", wanted none, metadata, request or full',
    '4:5: records[1].level: found "metdata", wanted none, metadata, request or full: did you mean "metadata"?',
  );
  assertProblems(
    'records: [{match: {pth: /a}, level: none}, {match: {status: 200}, level: none}, {lvel: none, level: none}]',
    '2:20: records[0].match.pth: unknown key "pth": did you mean "path"?',
    `2:53: records[1].match.status: unknown key "status", wanted one of ${members}`,
    '2:82: records[2].lvel: unknown key "lvel": did you mean "level"?',
  );
  assertProblems(
    'records: [{match: {}, level: none}]',
    `2:12: records[0].match: found an empty map, wanted at least one of ${members}: leave "match" out for a rule that fits every record`,
  );
  const wanted = 'wanted a text, with "*" at its end for any rest, or a list of them';
  assertProblems(
    'records: [{match: {path: [], method: {a: b}, route: "", tenant: [a, []]}, level: none}]',
    '2:20: records[0].match.path: found an empty list, wanted at least one text: no record would fit',
    `2:30: records[0].match.method: found a map, ${wanted}`,
    `2:46: records[0].match.route: found "", ${wanted}`,
    `2:69: records[0].match.tenant[1]: found a list, ${wanted}`,
  );
  assertProblems(
    'records: [{match: {path: [/a, "/a/*/b", /a?b, "/a#*"], tenant: "*a"}, level: none}]',
    '2:31: records[0].match.path[1]: "*" stands for any rest, and only at the end of a text: for a path with a part that varies, ask for its route',
    '2:41: records[0].match.path[2]: a path is looked at without its query and fragment: leave out "?" or "#" and what follows',
    '2:47: records[0].match.path[3]: a path is looked at without its query and fragment: leave out "?" or "#" and what follows',
    '2:56: records[0].match.tenant: "*" stands for any rest, and only at the end of a text',
  );
  assertProblems(
    `records: [{match: {mount: ${'x'.repeat(1025)}}, level: none}]`,
    '2:20: records[0].match.mount: longer than 1024 bytes',
  );
});

test('what is not one YAML map is refused with its line, in our words', () => {
  const cases: [string, string][] = [
    ['', '1:1: the file is empty, wanted at least the key "devices"'],
    ['# only a comment\n', '1:1: the file is empty, wanted at least the key "devices"'],
    ['devices: {}\ndevices: {}', '2:1: this key is here already: a key may appear once'],
    ['devices: {}\n---\nlog: {}', '2:1: a second document starts here: a configuration is one document'],
    ['devices:\n\ta/: {}', '2:1: a tab cannot indent: use spaces'],
    ['devices: {', '1:11: the indentation does not fit the lines above, or a closing ] or } is missing'],
    [
      'devices: {}\nstate_dir: "s3cret',
      '2:19: a closing quote, bracket, comma or the space after ":" is missing',
    ],
    ['devices: {}\nstate_dir: *s3cret', '2:1: state_dir: this alias names no anchor above it'],
    ['devices: &a\n  b/: *a', '2:3: devices.b/: this alias names no anchor above it'],
    ['devices: !s3cret {}', '1:1: devices: tags (!…) have no use here'],
    ['? [a]\n: b', '1:3: a key must be a plain text'],
  ];
  for (const [text, expected] of cases) assert.deepEqual(problemsOf(text), [expected], text);
  assert.equal(problemsOf('['.repeat(100_000)).length, 1);
});

test('aliases to aliases cannot fill the memory', () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const inner =
      level === 0
        ? '1'
        : Array(10)
            .fill(`*a${level - 1}`)
            .join(', ');
    return `k${level}: &a${level} [${inner}]`;
  });
  const problems = problemsOf(`devices: {}\n${levels.join('\n')}`);
  assert.equal(problems.filter((line) => line.includes('more than 20000 values')).length, 1);
});

test('all problems come at once, in the order of the file', () => {
  const problems = problemsOf(
    'require: 0\nlisteners: 1\nlog: {level: x}\ndevices:\n  b: {}\n  b/: {type: x, y: z}\n',
  );
  assert.deepEqual(
    problems.map((line) => line.slice(0, line.indexOf(': '))),
    ['1:1', '2:1', '3:7', '5:3', '6:3', '6:17'],
  );
});

test('a long or many-lined value is cut to one short line', () => {
  const [line] = problemsOf(`devices: {}\nlog: {level: "${'x'.repeat(500)}\\n\\u001b[31m"}`);
  assert.ok(line!.length < 200);
  const [control] = problemsOf('devices: {}\nlog: {level: "a\\n\\u001b[31m"}');
  assert.ok(!control!.includes('\n') && !control!.includes('\u001b'), control);
});
