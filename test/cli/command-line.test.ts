import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../cli/exit-codes.ts';
import { projectRoot } from '../support/project-root.ts';
import { runCommand } from './command.ts';

const commands = [
  'run',
  'check',
  'send',
  'status',
  'device enable',
  'device disable',
  'device list',
  'device show',
  'header set',
  'header unset',
  'header list',
  'tune',
  'hash',
  'token new',
];

/** Those that only stand above others. */
const groups = ['device', 'header', 'token'];

test('help names every command and the exit codes, and each command has an example', async (t) => {
  const { code, stdout } = await runCommand(t, ['--help']);
  assert.equal(code, 0);
  for (const command of [...commands, ...groups].filter((each) => !each.includes(' '))) {
    assert.match(stdout, new RegExp(`audit-sidecar ${command}\\b`));
  }
  for (const exitCode of Object.values(exitCodes))
    assert.match(stdout, new RegExp(`^ {2}${exitCode} {2}`, 'm'));
  for (const command of [...commands, ...groups]) {
    const help = await runCommand(t, [...command.split(' '), '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, new RegExp(`Examples:\\n {2}audit-sidecar ${command}\\s`), command);
  }
});

test('every command, option and exit code is explained in docs/command-line.md', async (t) => {
  const text = readFileSync(path.join(projectRoot, 'docs/command-line.md'), 'utf8');
  for (const exitCode of Object.values(exitCodes))
    assert.match(text, new RegExp(`^\\| ${exitCode} \\|`, 'm'));
  for (const command of commands) {
    assert.match(text, new RegExp(`^## \`audit-sidecar ${command}`, 'm'));
    const { stdout } = await runCommand(t, [...command.split(' '), '--help']);
    for (const [option] of stdout.matchAll(/--[a-z]+(?:-[a-z]+)*/g))
      assert.ok(text.includes(option), `${command} ${option}`);
  }
});

test('wrong usage is exit code 2, with what was probably meant', async (t) => {
  const cases: [string[], RegExp][] = [
    [[], /wanted a command/],
    [['chek'], /did you mean "check"\?/],
    [['check'], /Not enough non-option arguments/],
    [['check', 'a', 'b'], /Unknown argument: b/],
    [['send', 'f', '--windw', '3'], /Unknown argument: windw/],
    [['hash'], /Missing required argument: device/],
    [['device'], /wanted device enable, disable, list or show/],
    [['device', 'lits'], /did you mean "list"\?/],
    [['device', 'show'], /Not enough non-option arguments/],
    [['header', 'set', 'a', '--hmac', '--no-hmac'], /Arguments hmac and no-hmac are mutually exclusive/],
    [['token', 'new', 'a', 'b'], /Unknown argument: b/],
    [['tune', '/'], /wanted a mount point such as secret\//],
    [['run', '--config'], /Not enough arguments following: (c|config)/],
  ];
  for (const [words, message] of cases) {
    const { code, stdout, stderr } = await runCommand(t, words);
    assert.equal(code, 2, words.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.match(stderr, /^audit-sidecar: .*\n$/);
  }
});

test('the version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal((await runCommand(t, ['--version'])).stdout, `${version}\n`);
});

test('a completion script can be printed, and completes commands', async (t) => {
  const script = await runCommand(t, ['completion']);
  assert.equal(script.code, 0);
  assert.match(script.stdout, /completion/);
  const words = await runCommand(t, ['--get-yargs-completions', 'audit-sidecar', 'st']);
  assert.match(words.stdout, /^status/m);
});
