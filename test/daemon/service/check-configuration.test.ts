import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ConfigProblem } from '../../../config/config.ts';
import { ConfigRefused } from '../../../config/problem.ts';
import { checkConfiguration } from '../../../daemon/service/check-configuration.ts';
import { explainRefusal } from '../../../daemon/service/refusal-text.ts';
import { saltName } from '../../../daemon/state/salt-name.ts';
import { openStateDirectory } from '../../../daemon/state/state-directory.ts';
import { emptyTable, writeTable } from '../../../daemon/state/stored-table.ts';
import { asOrdinaryUser, ordinaryUser } from '../../devices/ordinary-user.ts';
import { makeCertificate, opensslMissing } from '../../devices/peers/certificates.ts';
import { type ConfigOverrides, fileDevice } from '../../support/daemon-process.ts';
import { configurationIn, startInProcess } from '../../support/in-process-daemon.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { writeTokenFile } from '../admin/in-process.ts';

async function problemsOf(file: string): Promise<readonly ConfigProblem[]> {
  try {
    await checkConfiguration(file);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigRefused, String(error));
    return error.problems;
  }
}

/** `LINE KEY` of each problem of a text. */
async function keysOf(t: TestContext, text: string): Promise<string[]> {
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'c.yaml');
  writeFileSync(file, text.replaceAll('FOLDER', folder));
  return (await problemsOf(file)).map(({ line, key }) => `${line} ${key}`);
}

/** What a folder holds, with all below it. */
function contentOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

const device = (name: string, options: Record<string, unknown>, more: object = {}): ConfigOverrides => ({
  devices: { [name]: { type: 'file', options, ...more } },
});

const filesDevice = (options: Record<string, string>): ConfigOverrides => ({
  devices: { 'x/': { type: 'socket', options: { address: '127.0.0.1:9', tls: 'true', ...options } } },
});

test('what a start is refused for in the places that a file names, check knows in the same words, and makes nothing', {
  skip: opensslMissing,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['folder', 'open-state']) mkdirSync(at(name), { mode: 0o700 });
  for (const name of ['plain', 'empty'])
    writeFileSync(at(name), name === 'empty' ? '' : 'text\n', { mode: 0o600 });
  chmodSync(at('open-state'), 0o755);
  execFileSync('mkfifo', [at('fifo')]);
  symlinkSync(at('gone/x.log'), at('dangling'));
  symlinkSync(at('loop'), at('loop'));
  const [one, two] = [
    makeCertificate(folder, 'one', 'IP:127.0.0.1'),
    makeCertificate(folder, 'two', 'IP:127.0.0.1'),
  ];
  writeTokenFile(folder);
  const tcp = (more: object): ConfigOverrides => ({
    admin: { path: 'FOLDER/admin.sock', tcp: { address: '127.0.0.1:0', token_file: at('tokens'), ...more } },
    ...device('x/', { file_path: 'discard' }),
  });
  const tls = (cert: string, key: string): ConfigOverrides => tcp({ tls: { cert: at(cert), key: at(key) } });
  const http = (headers: object): ConfigOverrides => ({
    devices: {
      'x/': { type: 'http', options: { uri: 'http://127.0.0.1:9/', headers: JSON.stringify(headers) } },
    },
  });
  const own = { cert: one.certFile, key: one.keyFile };
  const salt = '01234567-89ab-4cde-8f01-23456789abcd';
  mkdirSync(at('salted/salts'), { recursive: true, mode: 0o700 });
  for (const [name, content] of [
    ['salt-cut/', `{"device":"salt-cut/","salt":"${salt.slice(1)}"}`],
    ['salt-empty/', ''],
    ['salt-other/', `{"device":"x/","salt":"${salt}"}`],
  ] as const)
    writeFileSync(at(`salted/${saltName(name)}`), content, { mode: 0o600 });
  const saltDevice = (name: string): ConfigOverrides => ({
    ...device(name, { file_path: 'discard' }),
    state_dir: at('salted'),
  });
  const option = (name: string): string => `devices.x/.options.${name}`;
  const cases: readonly (readonly [key: string, overrides: ConfigOverrides])[] = [
    [option('file_path'), device('x/', { file_path: '/dev/null' })],
    [option('file_path'), device('x/', { file_path: at('folder') })],
    [option('file_path'), device('x/', { file_path: at('fifo') })],
    [option('file_path'), device('x/', { file_path: at('plain/x.log') })],
    [option('file_path'), device('x/', { file_path: at('plain/deep/x.log') })],
    [option('file_path'), device('x/', { file_path: at('loop/x.log') })],
    [option('file_path'), device('x/', { file_path: at(`folder/${'x'.repeat(300)}`) })],
    [option('tls_ca_cert'), filesDevice({ tls_ca_cert: at('none.crt') })],
    [option('tls_ca_cert'), filesDevice({ tls_ca_cert: at('folder') })],
    [option('tls_ca_cert'), filesDevice({ tls_ca_cert: at('plain') })],
    [option('tls_client_key'), filesDevice({ tls_client_cert: one.certFile, tls_client_key: at('none') })],
    [option('tls_client_key'), filesDevice({ tls_client_cert: one.certFile, tls_client_key: two.keyFile })],
    [option('headers'), http({ A: [`file://${at('none')}`] })],
    [option('headers'), http({ A: ['env://NO_VARIABLE_OF_THIS_NAME'] })],
    ['devices.x/.salt_file', device('x/', { file_path: 'discard' }, { salt_file: at('none') })],
    ['devices.x/.salt_file', device('x/', { file_path: 'discard' }, { salt_file: at('empty') })],
    ['state_dir', { ...device('x/', { file_path: 'discard' }), state_dir: at('plain') }],
    ['state_dir', { ...device('x/', { file_path: 'discard' }), state_dir: at('plain/state') }],
    ['state_dir', { ...device('x/', { file_path: 'discard' }), state_dir: at('open-state') }],
    ['listeners[0].path', { ...device('x/', { file_path: 'discard' }), listeners: [{ path: at('plain') }] }],
    [
      'listeners[0].path',
      { ...device('x/', { file_path: 'discard' }), listeners: [{ path: at('plain/s') }] },
    ],
    [
      'listeners[0].path',
      { ...device('x/', { file_path: 'discard' }), listeners: [{ path: at('s'), group: 'no-such-group' }] },
    ],
    [
      'listeners[0].http',
      { ...device('x/', { file_path: 'discard' }), listeners: [{ http: { path: at('folder') } }] },
    ],
    ['admin.path', { ...device('x/', { file_path: 'discard' }), admin: { path: at('folder') } }],
    ['metrics.listen', { ...device('x/', { file_path: 'discard' }), metrics: { listen: at('plain') } }],
    ['metrics.listen', { ...device('x/', { file_path: 'discard' }), metrics: { listen: '192.0.2.1:0' } }],
    ['admin.tcp.address', tcp({ address: '192.0.2.1:0', tls: own })],
    ['devices.salt-cut/', saltDevice('salt-cut/')],
    ['devices.salt-empty/', saltDevice('salt-empty/')],
    ['devices.salt-other/', saltDevice('salt-other/')],
    ['admin.tcp.token_file', tcp({ token_file: at('none') })],
    ['admin.tcp.token_file', tcp({ token_file: at('empty') })],
    ['admin.tcp.tls.cert', tls('plain', 'one.key')],
    ['admin.tcp.tls.key', tls('one.crt', 'none')],
    ['admin.tcp.tls.key', tls('one.crt', 'two.key')],
  ];
  for (const [key, overrides] of cases) {
    const configuration = await configurationIn(folder, overrides);
    const before = contentOf(folder);
    const problems = await problemsOf(at('config.yaml'));
    assert.deepEqual(contentOf(folder), before, 'nothing is made');
    assert.deepEqual(
      problems.map((each) => each.key),
      [key],
      JSON.stringify(overrides),
    );
    const { daemon } = startInProcess(t, configuration);
    const refusal = await daemon.started.then(() => assert.fail(`${key} was taken`), explainRefusal);
    await daemon.stop();
    // A device is not the only reason why it is not open yet: its name stands before it.
    assert.equal(refusal.replace(/^(x|salt-\w+)\/: /, ''), problems[0]!.message);
  }
  await configurationIn(folder, device('x/', { file_path: at('dangling/x.log') }));
  assert.match(
    (await problemsOf(at('config.yaml')))[0]!.message,
    /dangling\/x\.log": no such file or directory$/,
  );
  // What is not there yet is made, and what is in order is opened.
  const good = device('x/', { file_path: at('new/deeper/x.log') });
  await configurationIn(folder, {
    ...good,
    listeners: [{ path: at('new/run/s') }],
    state_dir: at('new/state'),
  });
  assert.deepEqual(await problemsOf(at('config.yaml')), []);
  assert.ok(!readdirSync(folder).includes('new'));
});

test('what this user may not do counts, and root is not taken for the user of the daemon', async (t) => {
  const folder = temporaryDirectory(t);
  chmodSync(folder, 0o755);
  const at = (name: string): string => path.join(folder, name);
  mkdirSync(at('closed'), { mode: 0o500 });
  mkdirSync(at('state'), { mode: 0o700 });
  await configurationIn(folder, {
    devices: {
      'a/': { type: 'file', options: { file_path: at('closed/new.log') } },
    },
  });
  await asOrdinaryUser(async () => {
    const problems = await problemsOf(at('config.yaml'));
    const found = new Map(problems.map(({ key, message }) => [key, message]));
    assert.match(
      found.get('devices.a/.options.file_path')!,
      /^Cannot open audit file ".*": directory is not writable$/,
    );
    if (process.getuid!() === 0)
      assert.match(found.get('state_dir')!, /^Cannot use state directory ".*": permission denied$/);
  });
  if (process.getuid!() !== 0) return;
  chownSync(at('state'), ordinaryUser, 0);
  await configurationIn(folder, { devices: { 'file/': fileDevice } });
  assert.deepEqual(await problemsOf(at('config.yaml')), []);
});

test('no slip hides another, whatever its kind and wherever it stands, and each is told once', async (t) => {
  const text = [
    'statedir: x', // unknown, and the default is in force
    'require: [nowhere]',
    'listeners:',
    '  - {path: FOLDER/i.sock, http: "127.0.0.1:0", mod: "0600"}', // an unknown key beside a contradiction
    'admin:',
    '  path: FOLDER/a.sock',
    '  tcp: {address: "192.0.2.1:1", token_file: FOLDER/none, tsl: {}}',
    'metrics: {listen: FOLDER/m.sock, prot: 1}',
    'limits: {max_record_bytes: 64MiB, connection_bytes: 1MiB, max_bytes: 1}',
    'devices:',
    '  a: {type: fle, tpye: file, options: {file_path: x}}',
    '  b: {type: file, optoins: {}, options: {file_path: /dev/null, fil_mode: "0600", mode: 0640}}',
    '  c//d: {type: sokcet}',
    '  e: {type: socket, options: {address: "h:1", socket_type: udp, framing: newline, write_timeout: x, fo: 1}}',
    '  f: {type: file, local: maybe, options: {file_path: FOLDER/x.log, file_pth: [1]}}',
    '  g: {type: file, salt_file: FOLDER/none, options: {file_path: FOLDER/x.log, queue_bytes: "-1"}}',
    '  h: {type: file, options: {file_path: FOLDER/a.sock}}',
    '  i: {type: socket, options: {address: FOLDER/m.sock, socket_type: unix, x: 1}}',
    '  j: 1',
    '  k: {type: [], options: {y: 1}}',
    'log: {format: xml, colour: red}',
  ];
  assert.deepEqual(await keysOf(t, text.join('\n')), [
    '1 statedir',
    '2 require[0]',
    '4 listeners[0].http',
    '4 listeners[0].mod',
    '7 admin.tcp.address',
    '7 admin.tcp.tsl',
    '8 metrics.prot',
    '9 limits.max_record_bytes',
    '9 limits.max_bytes',
    '11 devices.a/.type',
    '11 devices.a/.tpye',
    '12 devices.b/.optoins',
    '12 devices.b/.options.file_path',
    '12 devices.b/.options.fil_mode',
    '12 devices.b/.options.mode',
    '13 devices.c//d',
    '13 devices.c//d.type',
    '14 devices.e/.options.framing',
    '14 devices.e/.options.write_timeout',
    '14 devices.e/.options.fo',
    '15 devices.f/.local',
    '15 devices.f/.options.file_pth',
    '15 devices.f/.options.file_pth',
    '16 devices.g/.salt_file',
    '16 devices.g/.options.file_path',
    '16 devices.g/.options.queue_bytes',
    '17 devices.h/.options.file_path',
    '18 devices.i/.options.address',
    '18 devices.i/.options.x',
    '19 devices.j/',
    '20 devices.k/.type',
    '21 log.format',
    '21 log.colour',
  ]);
});

test('what was enabled through the API and does not go with the file any more is told, too', async (t) => {
  const folder = temporaryDirectory(t);
  const at = (name: string): string => path.join(folder, name);
  const admin = { path: at('admin.sock'), file_roots: [folder] };
  const { daemon } = startInProcess(
    t,
    await configurationIn(folder, { admin, devices: { 'file/': fileDevice } }),
  );
  await daemon.started;
  const { callAdmin } = await import('../admin/admin-client.ts');
  const options = { file_path: at('api.log') };
  const { status } = await callAdmin({ socketPath: admin.path }, 'PUT', '/v1/sys/audit/api', {
    type: 'file',
    options,
  });
  assert.equal(status, 204);
  assert.deepEqual(await problemsOf(at('config.yaml')), [], 'a daemon that runs is no problem');
  await configurationIn(folder, { admin, ...device('mine/', { file_path: at('api.log') }) });
  const [problem, ...more] = await problemsOf(at('config.yaml'));
  assert.equal(problem?.key, 'devices.mine/');
  assert.match(
    problem.message,
    /^Cannot declare device "mine\/" .*"api\/", which was enabled through the API/,
  );
  assert.deepEqual(more, []);
  await configurationIn(folder, { admin, ...device('api/', { file_path: at('b.log') }) });
  assert.match((await problemsOf(at('config.yaml')))[0]!.message, /^Cannot declare device "api\/"/);
});

test('a stored salt that the user of the daemon cannot read is told, also to root, and of whichever device it is', async (t) => {
  const folder = temporaryDirectory(t);
  chmodSync(folder, 0o755);
  const state = path.join(folder, 'state');
  mkdirSync(path.join(state, 'salts'), { recursive: true, mode: 0o700 });
  chmodSync(state, 0o700);
  const devices = ['declared/', 'api/'];
  const file = (name: string): string => path.join(state, saltName(name));
  for (const name of devices) {
    const content = { device: name, salt: '01234567-89ab-4cde-8f01-23456789abcd' };
    writeFileSync(file(name), JSON.stringify(content), { mode: 0o600 });
  }
  const opened = await openStateDirectory(state);
  const stored = { type: 'file', description: '', local: false, options: { file_path: 'discard' } };
  await writeTable(opened, { ...emptyTable, devices: new Map([['api/', stored]]) });
  await opened.release();
  await configurationIn(folder, {
    ...device('declared/', { file_path: 'discard' }),
    state_dir: state,
  });
  const config = path.join(folder, 'config.yaml');
  assert.deepEqual(await problemsOf(config), []);
  const told = async (): Promise<string[]> =>
    (await problemsOf(config)).map(({ key, message }) => `${key} ${message}`);
  if (process.getuid!() === 0) {
    // As a backup that root has put back.
    for (const each of [state, path.join(state, 'salts'), path.join(state, 'table.json')])
      chownSync(each, ordinaryUser, 0);
    assert.deepEqual(
      (await told()).sort(),
      ['api/', 'declared/'].map(
        (name) =>
          `devices${name === 'api/' ? '' : '.declared/'} Cannot read "${file(name)}": user ${ordinaryUser}, whose state directory it is in, may not; run chown ${ordinaryUser} and chmod 0600 on it`,
      ),
    );
    await asOrdinaryUser(async () => {
      const cannot = (name: string): string => `Cannot read state file "${file(name)}": permission denied`;
      assert.deepEqual((await told()).sort(), [
        `devices ${cannot('api/')}`,
        `devices.declared/ ${cannot('declared/')}`,
      ]);
    });
    for (const name of devices) chownSync(file(name), ordinaryUser, 0);
    assert.deepEqual(await told(), []);
  }
  for (const name of devices) chmodSync(file(name), 0);
  assert.equal((await told()).length, 2);
});
