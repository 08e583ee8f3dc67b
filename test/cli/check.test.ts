// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax under test
import assert from 'node:assert/strict';
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { runCommand } from './command.ts';

test('a good file is confirmed, and nothing is made or opened', async (t) => {
  const cwd = temporaryDirectory(t);
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    'state_dir: ./state\nlisteners: [{path: ./i.sock}]\nadmin: {path: ./a.sock}\ndevices:\n  file: {type: file, options: {file_path: ./audit.log}}\n  siem: {type: socket, options: {address: "127.0.0.1:9"}}\n',
  );
  assert.deepEqual(await runCommand(t, ['check', 'c.yaml'], { cwd }), {
    code: 0,
    stdout: 'c.yaml: ok, 2 devices, 1 listener\n',
    stderr: '',
  });
  const json = await runCommand(t, ['check', '--json', 'c.yaml'], { cwd });
  assert.deepEqual(JSON.parse(json.stdout), { ok: true, problems: [] });
  assert.deepEqual(readdirSync(cwd), ['c.yaml']);
});

test('problems of the file and of device options come together, in the order of the file', async (t) => {
  const cwd = temporaryDirectory(t);
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    [
      'listners: []',
      'devices:',
      '  a/:',
      '    type: fle',
      '  b/:',
      '    type: file',
      '    options: {fil_path: x, write_timeout: abc}',
      '  c/: {type: file, options: {file_path: /x, mode: 0640}}',
      'require: [d/]',
      '',
    ].join('\n'),
  );
  const text = await runCommand(t, ['check', 'c.yaml'], { cwd });
  assert.equal(text.code, 2);
  assert.equal(text.stdout, '');
  const places = text.stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.split(': ').slice(0, 2).join(': '));
  assert.deepEqual(places, [
    'c.yaml:1:1: listners',
    'c.yaml:4:5: devices.a/.type',
    'c.yaml:7:5: devices.b/.options.file_path',
    'c.yaml:7:15: devices.b/.options.fil_path',
    'c.yaml:7:28: devices.b/.options.write_timeout',
    'c.yaml:8:45: devices.c/.options.mode',
    'c.yaml:9:11: require[0]',
  ]);
  assert.match(text.stderr, /did you mean "file"\?/);
  const json = await runCommand(t, ['check', 'c.yaml', '--json'], { cwd });
  assert.equal(json.code, 2);
  const report = JSON.parse(json.stdout) as { ok: boolean; problems: { line: number; key: string }[] };
  assert.equal(report.ok, false);
  assert.equal(report.problems.length, 7);
  assert.deepEqual([report.problems[0]?.line, report.problems[0]?.key], [1, 'listners']);
});

test('two devices that share a file are refused with line and key, by check as by run', async (t) => {
  const cwd = temporaryDirectory(t);
  writeFileSync(path.join(cwd, 'x.log'), '');
  symlinkSync('x.log', path.join(cwd, 'link.log'));
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    'state_dir: ./state\ndevices:\n  a: {type: file, options: {file_path: ./x.log}}\n  b: {type: file, options: {file_path: ./link.log}}\n',
  );
  const [check, run] = await Promise.all([
    runCommand(t, ['check', 'c.yaml'], { cwd }),
    runCommand(t, ['run', '--config', 'c.yaml'], { cwd }),
  ]);
  assert.equal(check.code, 2);
  assert.match(
    check.stderr,
    /^c\.yaml:4:29: devices\.b\/\.options\.file_path: file ".*\/link\.log" is that of device "a\/"\n$/,
  );
  assert.deepEqual(run, check);
  assert.deepEqual(readdirSync(cwd).sort(), ['c.yaml', 'link.log', 'x.log']);
});

test('what a credential holds is not repeated when an option cannot use it', async (t) => {
  const cwd = temporaryDirectory(t);
  writeFileSync(path.join(cwd, 'token'), 's3cret');
  const reference = '${credential:token}';
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    `devices:\n  a: {type: socket, options: {address: "h:1", framing: "${reference}"}}\n`,
  );
  const { code, stderr } = await runCommand(t, ['check', 'c.yaml'], {
    cwd,
    env: { CREDENTIALS_DIRECTORY: cwd },
  });
  assert.equal(code, 2);
  assert.equal(
    stderr,
    `c.yaml:2:47: devices.a/.options.framing: Cannot use option "framing": what "${reference}" holds does not fit\n`,
  );
});

test('run refuses what check refuses, in the same words', async (t) => {
  const cwd = temporaryDirectory(t);
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    'devices: {a: {type: file, options: {mode: "9"}}}\nlog: {level: loud}\n',
  );
  const [check, run] = await Promise.all([
    runCommand(t, ['check', 'c.yaml'], { cwd }),
    runCommand(t, ['run', '--config', 'c.yaml'], { cwd }),
  ]);
  assert.equal(check.code, 2);
  assert.deepEqual(run, check);
  assert.deepEqual(readdirSync(cwd), ['c.yaml']);
});

test('a rule for records that never applies is a warning, and no problem', async (t) => {
  const cwd = temporaryDirectory(t);
  const rules = 'records:\n  - level: full\n  - {match: {path: /health}, level: none}\n';
  writeFileSync(
    path.join(cwd, 'c.yaml'),
    `state_dir: ./state\nlisteners: [{path: ./i.sock}]\nadmin: {path: ./a.sock}\ndevices: {}\n${rules}`,
  );
  const message = 'this rule never applies: records[0] comes before it and fits every record';
  assert.deepEqual(await runCommand(t, ['check', 'c.yaml'], { cwd }), {
    code: 0,
    stdout: 'c.yaml: ok, 0 devices, 1 listener\n',
    stderr: `warning: c.yaml:7:5: records[1]: ${message}\n`,
  });
  const { stdout, stderr } = await runCommand(t, ['check', '--json', 'c.yaml'], { cwd });
  assert.deepEqual(JSON.parse(stdout), {
    ok: true,
    problems: [],
    warnings: [{ file: 'c.yaml', line: 7, column: 5, key: 'records[1]', message }],
  });
  assert.equal(stderr, '');
});
