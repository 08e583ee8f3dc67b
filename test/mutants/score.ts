import path from 'node:path';
import type { CheckResult } from './check-run.ts';
import type { Mutant } from './compiled-file.ts';

interface Counts {
  failed: number;
  hung: number;
  survived: number;
}

/** How many mutants of each folder were found by a check. */
export class Score {
  readonly #folders = new Map<string, Counts>();

  add({ file }: Mutant, result: Exclude<CheckResult, 'given up'>): void {
    const folder = path.dirname(file);
    const counts = this.#folders.get(folder) ?? { failed: 0, hung: 0, survived: 0 };
    this.#folders.set(folder, counts);
    counts[result === 'passed' ? 'survived' : result]++;
  }

  /** One line a folder. */
  lines(): string[] {
    return [...this.#folders]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([folder, { failed, hung, survived }]) => {
        const killed = failed + hung;
        const percent = ((100 * killed) / (killed + survived)).toFixed(1);
        return `${folder}  ${percent} % of ${killed + survived} mutants killed (${hung} by hanging), ${survived} survived`;
      });
  }
}

/** `daemon/delivery/lane-queue.ts:88  >= -> >` */
export function survivorText({ file, line, mutation }: Mutant): string {
  return `${file}:${line}  ${mutation.change}`;
}
