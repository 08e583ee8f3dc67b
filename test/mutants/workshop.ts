import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Check, type CleanTimes, checksFor } from './check.ts';
import { type CheckResult, runCheck } from './check-run.ts';
import { compiledName, type Mutant } from './compiled-file.ts';
import { mutated } from './mutation.ts';

/** A check may take this many times as long as without a fault before it counts as hung; other work slows it, too. */
const patience = 10;
const shortestLimitMs = 20_000;
const longestCleanMs = 600_000;

/** A copy of the compiled sources in which one fault at a time is planted. */
export class Workshop {
  readonly #build: string;
  #temporary: string;
  readonly #signal: AbortSignal;

  constructor(build: string, copyTo: string, signal: AbortSignal) {
    this.#build = copyTo;
    this.#signal = signal;
    rmSync(copyTo, { recursive: true, force: true });
    cpSync(build, copyTo, { recursive: true });
    this.#temporary = temporaryFolder();
  }

  /** Whether a check passes without a fault, and in what time. */
  async runClean(check: Check, times: CleanTimes): Promise<CheckResult> {
    const began = performance.now();
    const result = await this.#run(check, longestCleanMs);
    times.set(check.name, performance.now() - began);
    return result;
  }

  /** Whether a check that concerns the mutant fails or hangs. */
  async kills({ file, mutation }: Mutant, times: CleanTimes): Promise<CheckResult> {
    const compiled = path.join(this.#build, compiledName(file));
    const text = readFileSync(compiled, 'utf8');
    writeFileSync(compiled, mutated(text, mutation));
    try {
      for (const check of checksFor(this.#build, file, times)) {
        const limit = Math.max(shortestLimitMs, patience * times.get(check.name)!);
        const result = await this.#run(check, limit);
        if (result !== 'passed') return result;
      }
      return 'passed';
    } finally {
      writeFileSync(compiled, text);
    }
  }

  async #run(check: Check, limitMs: number): Promise<CheckResult> {
    const place = { build: this.#build, temporary: this.#temporary };
    const result = await runCheck(check, place, limitMs, this.#signal);
    removeIfPossible(this.#temporary);
    this.#temporary = temporaryFolder();
    return result;
  }

  /** Takes the copy away. */
  remove(): void {
    rmSync(this.#build, { recursive: true, force: true });
    removeIfPossible(this.#temporary);
  }
}

function temporaryFolder(): string {
  // Not in the project: a socket's path has to be short.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mutants-'));
  // Some tests try what another user may do.
  chmodSync(folder, 0o755);
  return folder;
}

/** A test that is killed may leave a file that can only be appended to, or something mounted. */
function removeIfPossible(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {}
}
