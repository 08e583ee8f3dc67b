import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../config/config.ts';
import { loadConfig, parseConfig } from '../../config/load.ts';
import { ConfigRefused } from '../../config/problem.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function configOf(text: string): Config {
  const { config, problems } = parseConfig('f', text);
  assert.deepEqual(problems, []);
  return config!;
}

function refusalOf(file: string): ConfigRefused {
  try {
    loadConfig(file);
  } catch (error) {
    assert.ok(error instanceof ConfigRefused, String(error));
    return error;
  }
  return assert.fail(`${file} was taken`);
}

test('a file that declares only devices gets the documented defaults', () => {
  const { devices, ...rest } = configOf('devices: {}');
  assert.equal(devices.size, 0);
  assert.deepEqual(rest, {
    stateDir: '/var/lib/audit-sidecar',
    profile: 'vault',
    require: { kind: 'any' },
    listeners: [
      {
        kind: 'stream',
        path: '/run/audit-sidecar/ingest.sock',
        mode: 0o660,
        group: null,
        replies: 'status',
        headers: 'apply',
      },
    ],
    admin: {
      path: '/run/audit-sidecar/admin.sock',
      mode: 0o600,
      tcp: null,
      fileRoots: ['/var/log/audit-sidecar'],
      allowPrefix: false,
      allowLogRaw: false,
      allowAddresses: null,
    },
    metrics: { listen: { kind: 'tcp', host: '127.0.0.1', port: 8219 } },
    auditedHeaders: new Map(),
    mounts: new Map(),
    clearFields: [],
    hashFields: [],
    unauditedPaths: [],
    records: [],
    limits: {
      maxRecordBytes: 32 * 1024 ** 2,
      connectionBytes: 64 * 1024 ** 2,
      totalBytes: 256 * 1024 ** 2,
      connections: 1024,
      recordTimeoutMs: 60_000,
      stopTimeoutMs: 10_000,
    },
    log: { format: 'text', level: 'info' },
  });
});

test('the embedded default keeps everything under ./var', () => {
  const { config, source } = loadConfig(null);
  assert.equal(source.file, '(embedded default)');
  assert.equal(config.stateDir, './var/state');
  assert.equal(config.admin.path, './var/admin.sock');
  assert.deepEqual(
    config.listeners.map((listener) => listener.kind === 'stream' && listener.path),
    ['./var/ingest.sock'],
  );
  assert.deepEqual(
    [...config.devices.values()].map(({ path, type, options }) => ({ path, type, options })),
    [{ path: 'file/', type: 'file', options: { file_path: './var/audit.log' } }],
  );
});

test('every key of the schema stands in the commented example, and the example is in order', async () => {
  const file = path.join(projectRoot, 'config/audit-sidecar.yaml');
  const { config } = loadConfig(file);
  assert.equal(config.devices.size, 2);
  const { z } = await import('zod');
  const { fileSchema } = await import('../../config/schema.ts');
  const schema = z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' });
  const keys = new Set(['preset', 'unauthenticated']);
  JSON.stringify(schema, (name, value) => {
    if (name === 'properties') for (const key of Object.keys(value)) keys.add(key);
    return value;
  });
  // `http` takes an address or a map of one key, which a comment in the example shows.
  assert.ok(keys.size > 40, [...keys].join());
  const text = readFileSync(file, 'utf8').replace(/#.*/g, '');
  for (const key of keys)
    assert.match(text, new RegExp(`(^|[\\s{])${key}:`, 'm'), `"${key}" is not in the example`);
  const documentation = readFileSync(path.join(projectRoot, 'docs/configuration.md'), 'utf8');
  for (const key of keys) assert.ok(documentation.includes(key), `"${key}" is not in docs/configuration.md`);
});

test('option values keep the spelling of the file', () => {
  const config = configOf(`
devices:
  a:
    type: file
    options: {a: 1.0, b: True, c: 0x10, d: 12345678901234567890, e: "0640", f: plain words, g: 1e3, h: '', i: "a\\tb"}
`);
  assert.deepEqual(config.devices.get('a/')?.options, {
    a: '1.0',
    b: 'True',
    c: '0x10',
    d: '12345678901234567890',
    e: '0640',
    f: 'plain words',
    g: '1e3',
    h: '',
    i: 'a\tb',
  });
});

test('devices are known by their path with one trailing slash', () => {
  const { config, source } = parseConfig(
    'f',
    'devices:\n  siem:\n    type: socket\n    options:\n      framing: x\n',
  );
  assert.deepEqual([...config!.devices.keys()], ['siem/']);
  assert.deepEqual(source.locate(['devices', 'siem/', 'options', 'framing']), { line: 5, column: 7 });
  assert.deepEqual(source.locate(['devices', 'siem/', 'options', 'address']), { line: 4, column: 5 });
  assert.deepEqual(source.problem(['devices', 'siem/', 'options', 'framing'], 'm'), {
    file: 'f',
    line: 5,
    column: 7,
    key: 'devices.siem/.options.framing',
    message: 'm',
  });
});

test('all forms of the keys that have several are understood', () => {
  const config = configOf(`
require: [b, a/]
listeners:
  - {path: ./a.sock, mode: "0600", group: 1000, replies: devices, headers: as_is}
  - {http: "[::1]:8217"}
  - {http: {path: ./h.sock}, group: api}
  - {http: ./plain.sock}
admin:
  tcp: {address: 0.0.0.0:0, token_file: t, tls: {cert: c, key: k}}
metrics: {listen: null}
devices: {a: {type: file}, b: {type: file, salt_file: ./salt, local: true, description: 12}}
audited_headers: {User-Agent: {hmac: false}, x-token: {}}
mounts: {ns1/secret: {audit_non_hmac_request_keys: [cas]}}
unaudited_paths: [sys/health, sys/pprof/*]
limits: {max_record_bytes: 10MB, stop_timeout: 1m30s}
`);
  assert.deepEqual(config.require, { kind: 'devices', paths: ['b/', 'a/'] });
  assert.deepEqual(config.listeners, [
    { kind: 'stream', path: './a.sock', mode: 0o600, group: '1000', replies: 'devices', headers: 'as_is' },
    {
      kind: 'http',
      address: { kind: 'tcp', host: '::1', port: 8217 },
      mode: 0o660,
      group: null,
      headers: 'apply',
    },
    {
      kind: 'http',
      address: { kind: 'unix', path: './h.sock' },
      mode: 0o660,
      group: 'api',
      headers: 'apply',
    },
    {
      kind: 'http',
      address: { kind: 'unix', path: './plain.sock' },
      mode: 0o660,
      group: null,
      headers: 'apply',
    },
  ]);
  assert.deepEqual(config.admin.tcp, {
    address: { host: '0.0.0.0', port: 0 },
    tokenFile: 't',
    tls: { cert: 'c', key: 'k' },
  });
  assert.equal(config.metrics, null);
  assert.equal(config.devices.get('b/')?.saltFile, './salt');
  assert.equal(config.devices.get('b/')?.local, true);
  assert.equal(config.devices.get('b/')?.description, '12');
  assert.deepEqual(
    [...config.auditedHeaders],
    [
      ['user-agent', { hmac: false }],
      ['x-token', { hmac: true }],
    ],
  );
  assert.deepEqual([...config.mounts], [['ns1/secret/', { requestKeys: ['cas'], responseKeys: [] }]]);
  assert.deepEqual(config.unauditedPaths, ['sys/health', 'sys/pprof/*']);
  assert.equal(config.limits.maxRecordBytes, 10_000_000);
  assert.equal(config.limits.stopTimeoutMs, 90_000);
});

test('the preset vault is written out, with the unauthenticated paths on demand', () => {
  const plain = configOf('devices: {}\nunaudited_paths: {preset: vault}').unauditedPaths;
  assert.equal(plain.length, 16);
  assert.ok(plain.includes('sys/rekey-recovery-key/verify') && !plain.includes('sys/metrics'));
  const more = configOf(
    'devices: {}\nunaudited_paths: {preset: vault, unauthenticated: true}',
  ).unauditedPaths;
  assert.deepEqual(more.slice(16), ['sys/metrics', 'sys/pprof/*', 'sys/in-flight-req']);
});

test('rules for records are read in their order, one text or several', () => {
  const { records } = configOf(`
devices: {}
records:
  - match: {path: "/health*", method: [GET, HEAD]}
    level: none
  - {match: {namespace: ns1, outcome: true}, level: request}
  - level: full
`);
  assert.deepEqual(records, [
    {
      match: new Map([
        ['path', ['/health*']],
        ['method', ['GET', 'HEAD']],
      ]),
      level: 'none',
    },
    {
      match: new Map([
        ['namespace', ['ns1']],
        ['outcome', ['true']],
      ]),
      level: 'request',
    },
    { match: new Map(), level: 'full' },
  ]);
});

test('JSON, aliases, a byte order mark and Windows line ends are all fine', () => {
  assert.equal(configOf('{"devices": {"a/": {"type": "file"}}}').devices.size, 1);
  const aliased = configOf(
    'devices:\n  a: {type: file, options: &o {file_path: x}}\n  b: {type: file, options: *o}',
  );
  assert.deepEqual(aliased.devices.get('b/')?.options, { file_path: 'x' });
  assert.equal(configOf('devices: {}\r\nlog: {level: warn}\r\n').log.level, 'warn');
});

test('the configuration is frozen all the way down', () => {
  const config = configOf('devices: {a: {type: file, options: {x: y}}}');
  assert.throws(() => Object.assign(config.listeners[0]!, { path: 'x' }), TypeError);
  assert.throws(() => Object.assign(config.devices.get('a/')!.options, { x: 'z' }), TypeError);
  assert.throws(() => Object.assign(config.limits, { connections: 1 }), TypeError);
});

test('a file that cannot be read as text is refused with the reason', (t) => {
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'c.yaml');
  assert.match(
    refusalOf(file).message,
    /^.*c\.yaml:1:1: Cannot read configuration file ".*c\.yaml": no such file$/,
  );
  assert.match(refusalOf(folder).message, /: it is a directory$/);
  assert.match(refusalOf(path.join(folder, 'a/b')).message, /: no such file$/);
  writeFileSync(
    file,
    Buffer.concat([Buffer.from('devices: {}\n# \ufffd ok\nlog: '), Buffer.from([0xff, 0x0a])]),
  );
  assert.equal(refusalOf(file).message, `${file}:3:6: this byte is not UTF-8`);
  writeFileSync(file, Buffer.alloc(1024 * 1024 + 1, 0x23));
  assert.match(refusalOf(file).message, /: it is larger than 1 MiB$/);
  writeFileSync(file, '\ufeffdevices: {}\n');
  assert.equal(loadConfig(file).config.devices.size, 0);
});
