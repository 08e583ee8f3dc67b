import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCommandLine } from '../../cli/command-line.ts';
import { exitCodes } from '../../cli/exit-codes.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { noSignals, runCommand } from './command.ts';

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
  'policy explain',
  'token new',
];

/** Those that only stand above others. */
const groups = ['device', 'header', 'policy', 'token'];

const helps = new Map<string, string>();

/** What a command says of itself. */
async function helpOf(t: TestContext, command: string): Promise<string> {
  const known = helps.get(command);
  if (known !== undefined) return known;
  const { code, stdout } = await runCommand(t, [...command.split(' '), '--help']);
  assert.equal(code, 0);
  helps.set(command, stdout);
  return stdout;
}

test('help names every command and the exit codes, and each command has an example', async (t) => {
  const { code, stdout } = await runCommand(t, ['--help']);
  assert.equal(code, 0);
  for (const command of [...commands, ...groups].filter((each) => !each.includes(' '))) {
    assert.match(stdout, new RegExp(`audit-sidecar ${command}\\b`));
  }
  for (const exitCode of Object.values(exitCodes))
    assert.match(stdout, new RegExp(`^ {2}${exitCode} {2}`, 'm'));
  for (const command of [...commands, ...groups]) {
    assert.match(
      await helpOf(t, command),
      new RegExp(`Examples:\\n {2}audit-sidecar ${command}\\s`),
      command,
    );
  }
});

test('every command, option and exit code is explained in docs/command-line.md', async (t) => {
  const text = readFileSync(path.join(projectRoot, 'docs/command-line.md'), 'utf8');
  for (const exitCode of Object.values(exitCodes))
    assert.match(text, new RegExp(`^\\| ${exitCode} \\|`, 'm'));
  for (const command of commands) {
    assert.match(text, new RegExp(`^## \`audit-sidecar ${command}`, 'm'));
    for (const [option] of (await helpOf(t, command)).matchAll(/--[a-z]+(?:-[a-z]+)*/g))
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
    [['policy'], /wanted policy explain/],
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

test('every switch of every command is refused another word than true or false', async (t) => {
  const written = t.mock.method(process.stderr, 'write', () => true);
  let switches = 0;
  for (const command of commands) {
    for (const [, option] of (await helpOf(t, command)).matchAll(/(--[a-z-]+)\s[^[]*\[boolean\]/g)) {
      switches++;
      for (const value of ['yes', 'no', '']) {
        written.mock.resetCalls();
        // In this process: two hundred of their own would take a minute.
        assert.equal(
          await runCommandLine([...command.split(' '), `${option}=${value}`], noSignals),
          2,
          command,
        );
        assert.deepEqual(
          written.mock.calls.map((call) => call.arguments[0]),
          [`audit-sidecar: Option "${option}" wants true or false\n`],
        );
      }
    }
  }
  // Two of them, `--help` and `--version`, are yargs' own.
  assert.ok(switches >= 2 * commands.length + 14, `${switches} switches were found`);
});

test('a switch means what its word says', async (t) => {
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'audit-sidecar.yaml');
  writeFileSync(
    file,
    `state_dir: ${folder}/state\nlisteners: [{path: ${folder}/ingest.sock}]\nadmin: null\ndevices: {}\n`,
  );
  const printed = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout } = await runCommand(t, ['check', file, ...words]);
    assert.equal(code, 0);
    return stdout;
  };
  const plain = await printed();
  const json = await printed('--json');
  assert.notEqual(plain, json);
  for (const word of ['T', '1', 'true']) assert.equal(await printed(`--json=${word}`), json, word);
  for (const word of ['f', 'FALSE']) assert.equal(await printed(`--json=${word}`), plain, word);
  const { code, stderr } = await runCommand(t, ['-h=yes']);
  assert.deepEqual([code, stderr], [2, 'audit-sidecar: Option "-h" wants true or false\n']);
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
