import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Command, startCommand } from '../../cli/command.ts';
import { RecordClient } from '../../support/record-client.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

const stray = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGXCPU',
] as const;

interface Subject {
  readonly command: Command;
  readonly pid: number;
  readonly socket: string;
  /** What it has said on stderr so far. */
  readonly log: () => string;
}

function startDaemon(t: TestContext, node: readonly string[]): Subject {
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'config.json');
  const socket = path.join(folder, 'ingest.sock');
  const config = {
    state_dir: path.join(folder, 'state'),
    listeners: [{ path: socket }],
    admin: { path: path.join(folder, 'admin.sock') },
    metrics: { listen: null },
    devices: { 'file/': { type: 'file', options: { file_path: path.join(folder, 'audit.log') } } },
  };
  writeFileSync(file, JSON.stringify(config));
  const command = startCommand(t, ['run', '--config', file], { node });
  let log = '';
  command.process.stderr.on('data', (text: string) => {
    log += text;
  });
  return { command, pid: command.process.pid!, socket, log: () => log };
}

function started({ command, log }: Subject): Promise<void> {
  return waitFor('the daemon has started', () => {
    assert.equal(command.process.signalCode, null, log());
    assert.equal(command.process.exitCode, null, log());
    return log().includes(' started ');
  });
}

/** Whether the process has a listener for a signal (SigCgt in proc_pid_status(5)). */
function listensTo(pid: number, signal: NodeJS.Signals): boolean {
  const mask = /^SigCgt:\s(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n;
}

test('signals that mean nothing are a line in the log each, and records go on being recorded', async (t) => {
  const daemon = startDaemon(t, []);
  await started(daemon);
  for (const signal of stray) {
    process.kill(daemon.pid, signal);
    await waitFor(`${signal} is in the log`, () =>
      daemon.log().includes(`warn  signal ignored signal=${signal}\n`),
    );
  }
  const client = await RecordClient.connect(t, daemon.socket);
  client.send('{"type":"request"}');
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
  assert.doesNotMatch(daemon.log(), /Debugger/);
  daemon.command.process.kill('SIGQUIT');
  // No end by the signal, which would leave a core dump.
  assert.equal((await daemon.command.ended).code, 0);
});

test('they are ignored before anything else is loaded, and told when there is a log', async (t) => {
  const daemon = startDaemon(t, []);
  const early = [...stray, 'SIGHUP'] as const;
  await waitFor('the daemon listens', () => early.every((signal) => listensTo(daemon.pid, signal)));
  const before = daemon.log();
  for (const signal of early) process.kill(daemon.pid, signal);
  assert.equal(before, '');
  await started(daemon);
  for (const signal of stray) assert.ok(daemon.log().includes(`signal ignored signal=${signal}\n`), signal);
  assert.doesNotMatch(daemon.log(), /Debugger|reloaded/);
  daemon.command.process.kill('SIGTERM');
  assert.equal((await daemon.command.ended).code, 0);
});

/** Opens the debugger as a signal does that comes while Node itself starts, on a port that is free. */
const openedBefore = [
  '--inspect-port=0',
  '--import',
  `data:text/javascript,${encodeURIComponent(
    "import i from 'node:inspector'; process.kill(process.pid, 'SIGUSR1');" +
      'while (i.url() === undefined) await new Promise((done) => setTimeout(done, 1));',
  )}`,
];

test('a debugger that a signal has opened before the first line of the program is closed', async (t) => {
  const daemon = startDaemon(t, openedBefore);
  await started(daemon);
  const url = /^Debugger listening on ws:\/\/(.+?)\//m.exec(daemon.log())?.[1];
  assert.ok(url !== undefined, daemon.log());
  assert.match(daemon.log(), /warn {2}debugger closed/);
  await assert.rejects(fetch(`http://${url}/json`));
});

test('one that was asked for stays', async (t) => {
  const daemon = startDaemon(t, ['--inspect=127.0.0.1:0']);
  await started(daemon);
  assert.doesNotMatch(daemon.log(), /debugger closed/);
});

test('no other command leaves a debugger open, or opens one', async (t) => {
  const command = startCommand(t, ['hash', '--device', 'file/'], { node: openedBefore });
  let said = '';
  command.process.stderr.on('data', (text: string) => {
    said += text;
  });
  const urls = (): string[] =>
    [...said.matchAll(/^Debugger listening on ws:\/\/(.+?)\//gm)].map(([, url]) => url!);
  await waitFor('it was open', () => urls().length > 0);
  await waitFor('it is closed', () =>
    fetch(`http://${urls()[0]}/json`).then(
      () => false,
      () => true,
    ),
  );
  command.process.kill('SIGUSR1');
  command.process.stdin.end('a value');
  await command.ended;
  assert.equal(urls().length, 1, said);
});
