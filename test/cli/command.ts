import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { StraySignals } from '../../daemon/service/stray-signals.ts';

const main = fileURLToPath(new URL('../../cli/start.cjs', import.meta.url));

/** For commands that are run in the test's own process, which leaves its signals alone. */
export const noSignals: StraySignals = { tellOf() {} };

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program, with its arguments, that starts it. */
  readonly through?: readonly string[];
  /** Options of Node. */
  readonly node?: readonly string[];
}

/** Starts the compiled command line as a process of its own, which does not outlive the test. */
export function startCommand(
  test: TestContext,
  words: readonly string[],
  options: CommandOptions = {},
): Command {
  const [program, ...before] = [...(options.through ?? []), process.execPath, ...(options.node ?? []), main];
  const child = spawn(program!, [...before, ...words], {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  // A command that refuses its arguments never reads its input.
  child.stdin.on('error', () => {});
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, ...output }));
  });
  test.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return { process: child, ended };
}

/** Runs it to its end with `input` on standard input. */
export function runCommand(
  test: TestContext,
  words: readonly string[],
  options: CommandOptions & { readonly input?: string | Uint8Array } = {},
): Promise<Ended> {
  const command = startCommand(test, words, options);
  command.process.stdin.end(options.input ?? '');
  return command.ended;
}
