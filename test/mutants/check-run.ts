import { spawn } from 'node:child_process';
import type { Check } from './check.ts';

/** `hung`: it did not end in its time. */
export type CheckResult = 'passed' | 'failed' | 'hung' | 'given up';

/** The heap of a program with a loop that never ends must not become the machine's. */
const heap = '--max-old-space-size=512';

export interface CheckPlace {
  /** The folder of compiled sources. */
  readonly build: string;
  /** For the temporary files of a check, which one that is killed leaves behind. */
  readonly temporary: string;
}

/** Runs a check up to its first failure. */
export function runCheck(
  check: Check,
  place: CheckPlace,
  limitMs: number,
  signal: AbortSignal,
): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    // In a process group of its own, so that the daemons it starts end with it.
    const child = spawn(process.execPath, [heap, ...check.args], {
      cwd: place.build,
      env: { ...process.env, TMPDIR: place.temporary },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    let result: CheckResult | null = null;
    const end = (because: CheckResult): void => {
      result ??= because;
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // The group has ended already.
      }
    };
    const timer = setTimeout(() => end('hung'), limitMs);
    const giveUp = (): void => end('given up');
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = output.slice(output.lastIndexOf('\n') + 1) + text;
      if (/^not ok /m.test(output)) end('failed');
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      end(code === 0 ? 'passed' : 'failed');
      resolve(result!);
    });
  });
}
