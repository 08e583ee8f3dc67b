import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { completedShells, completionScripts } from '../../cli/completion-scripts.ts';
import { completionWords } from '../../cli/completion-words.ts';
import { Salts } from '../../daemon/state/salts.ts';
import { openStateDirectory } from '../../daemon/state/state-directory.ts';
import { command, DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { configurationIn, startInProcess } from '../support/in-process-daemon.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { runCommand } from './command.ts';

/** What may stand in place of the last word, as the scripts ask for it. */
async function found(t: TestContext, ...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCommand(
    t,
    ['--get-yargs-completions', 'audit-sidecar', ...words],
    // yargs says more to these shells, which no script of ours would read.
    { env: { SHELL: '/usr/bin/zsh' } },
  );
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.split('\n').slice(0, -1);
}

test('commands, options, types and options of devices are completed', async (t) => {
  const commands = await found(t, '');
  for (const name of ['run', 'check', 'send', 'status', 'device', 'header', 'tune', 'hash', 'completion'])
    assert.ok(commands.includes(name), name);
  assert.deepEqual((await found(t, 'device', '')).sort(), ['disable', 'enable', 'list', 'show']);
  assert.deepEqual(await found(t, 'device', 'enable', ''), ['file', 'socket', 'syslog', 'http']);
  assert.deepEqual(await found(t, 'device', 'enable', '--path', 'x', ''), [
    'file',
    'socket',
    'syslog',
    'http',
  ]);
  const options = await found(t, 'device', 'enable', 'http', 'uri=http://h', '');
  assert.deepEqual(options.slice(0, 2), ['headers=', 'batch=']);
  assert.ok(options.includes('write_timeout=') && !options.includes('uri='));
  assert.deepEqual(await found(t, 'device', 'enable', 'nothing', ''), []);
  const status = await found(t, 'status', '--');
  assert.ok(status.includes('--config') && status.includes('--socket'));
  assert.deepEqual(
    status.filter((word) => word.length < 4),
    [],
  );
  assert.deepEqual(await found(t, 'completion', ''), [...completedShells]);
  // Where a file stands, the shell knows better.
  for (const words of [
    ['check', ''],
    ['send', 'x'],
    ['policy', 'explain', ''],
    ['policy', 'explain', '--config', ''],
    ['run', '--config', ''],
    ['status', '-s', ''],
  ])
    assert.deepEqual(await found(t, ...words), [], words.join(' '));
});

test('devices and headers are those of the daemon that the words name, and none when there is none', async (t) => {
  const folder = temporaryDirectory(t);
  const socket = path.join(folder, 'admin.sock');
  await DaemonProcess.start(t, folder, {
    devices: { 'file/': fileDevice, 'site/b/': { ...fileDevice, options: { file_path: 'FOLDER/b.log' } } },
    audited_headers: { 'user-agent': {} },
  });
  for (const words of [
    ['device', 'show', '--socket', socket, ''],
    ['device', '--socket', socket, 'disable', 'si'],
    ['hash', '-s', socket, '--device', ''],
  ])
    assert.deepEqual(await found(t, ...words), ['file/', 'site/b/'], words.join(' '));
  assert.deepEqual(await found(t, 'header', 'unset', '-s', socket, ''), ['user-agent']);
  assert.deepEqual(await found(t, 'device', 'show', '--socket', `${socket}.none`, ''), []);
  assert.deepEqual(await found(t, 'device', 'show', '--address', 'no address', ''), []);
});

test('salt destroy is completed with the devices that are gone, whether the daemon runs or not', async (t) => {
  const folder = temporaryDirectory(t);
  const gone = { 'site/old/': { ...fileDevice, options: { file_path: 'FOLDER/old.log' } } };
  const devices = { 'file/': fileDevice };
  const config = path.join(folder, 'config.yaml');
  const completed = (...words: string[]) => completionWords(['salt', 'destroy', ...words, '']);
  const before = startInProcess(t, await configurationIn(folder, { devices: { ...devices, ...gone } }));
  await before.daemon.started;
  assert.deepEqual(await completed('--config', config), []);
  await before.daemon.stop();
  const without = await configurationIn(folder, { devices });
  assert.deepEqual(await completed('-c', config), ['site/old/']);
  await startInProcess(t, without).daemon.started;
  for (const way of [
    ['-c', config],
    ['-s', path.join(folder, 'admin.sock')],
    ['--yes', '-c', config],
  ]) {
    assert.deepEqual(await completed(...way), ['site/old/'], way.join(' '));
  }
  assert.deepEqual(await completed('-c', path.join(folder, 'none.yaml')), []);
  assert.deepEqual(await completed('-c'), [], 'a file');
  assert.deepEqual(await completionWords(['salt', '']), null, 'yargs knows what there is below it');
});

test('a script is printed for each shell, by its name or by $SHELL', async (t) => {
  for (const shell of completedShells) {
    const named = await runCommand(t, ['completion', shell], { env: { SHELL: '/bin/false' } });
    assert.deepEqual(named, { code: 0, stdout: completionScripts[shell], stderr: '' });
    const own = await runCommand(t, ['completion'], { env: { SHELL: `/usr/local/bin/${shell}` } });
    assert.equal(own.stdout, completionScripts[shell]);
  }
  assert.equal(
    (await runCommand(t, ['completion'], { env: { SHELL: '/bin/dash' } })).stdout,
    completionScripts.bash,
  );
  const other = await runCommand(t, ['completion', 'fishh']);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /shell "fishh": did you mean "fish"\?\n$/);
});

/** How each shell is told to complete a line in a script, one candidate printed a line. */
const drivers: Readonly<Record<(typeof completedShells)[number], (words: readonly string[]) => string>> = {
  bash: (words) => `
source ./script
COMP_WORDS=(${words.map(quoted).join(' ')}); COMP_CWORD=${words.length - 1}
compopt() { echo "compopt $*"; }
_audit_sidecar; printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: (words) => `
compdef() { :; }
_files() { echo files; }
compadd() { if [[ $1 == -S ]]; then print -l -- "\${(@P)4}"; else print -l -- "\${(@P)2}"; fi; }
source ./script
words=(${words.map(quoted).join(' ')}); CURRENT=${words.length}
_audit_sidecar`,
  fish: (words) => `
source ./script
complete -C ${quoted(words.join(' '))}`,
};

function quoted(word: string): string {
  return `'${word}'`;
}

for (const shell of completedShells) {
  const installed = spawnSync(shell, ['--version']).status === 0;
  // bash is everywhere; the others are tried where they are.
  if (!installed && shell !== 'bash') continue;
  test(`${shell} completes with its script`, async (t) => {
    const folder = temporaryDirectory(t);
    const state = await openStateDirectory(path.join(folder, 'state'));
    (await new Salts(state).obtain('gone/', null, () => {})).bytes.fill(0);
    await state.release();
    writeFileSync(path.join(folder, 'c.yaml'), 'state_dir: ./state\nadmin: {path: ./a.sock}\ndevices: {}\n');
    mkdirSync(path.join(folder, 'bin'));
    writeFileSync(
      path.join(folder, 'bin/audit-sidecar'),
      `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`,
      { mode: 0o755 },
    );
    writeFileSync(path.join(folder, 'script'), completionScripts[shell]);
    const complete = (...words: string[]): string[] => {
      const { stdout, stderr } = spawnSync(shell, ['-c', drivers[shell](['audit-sidecar', ...words])], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${folder}/bin:${process.env['PATH']}`, HOME: folder },
      });
      assert.equal(stderr, '');
      return stdout
        .split('\n')
        .map((line) => line.split('\t')[0]!.trim())
        .filter((line) => line !== '');
    };
    assert.ok(complete('device', 'en').includes('enable'));
    assert.ok(complete('device', 'enable', 'sy').includes('syslog'));
    assert.ok(complete('device', 'enable', 'file', 'file_').includes('file_path='));
    assert.ok(complete('status', '--so').includes('--socket'));
    assert.ok(complete('salt', 'destroy', '-c', 'c.yaml', 'go').includes('gone/'));
  });
}
