import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** How a process is kept from more memory than it may have. */
export interface MemoryLimit {
  /** What enforces it. */
  readonly shown: string;
  /** Words to put in front of the command that is limited. */
  readonly words: readonly string[];
  /** Once the process has ended. */
  remove(): void;
}

/** A control group where one can be made, which ends a process that goes past it; otherwise prlimit(1). */
export function limitMemory(bytes: number): MemoryLimit {
  const places = [
    { root: '/sys/fs/cgroup', file: 'memory.max', shown: 'control group' },
    { root: '/sys/fs/cgroup/memory', file: 'memory.limit_in_bytes', shown: 'control group (v1)' },
  ];
  for (const { root, file, shown } of places) {
    const group = path.join(root, `audit-sidecar-hostile-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    try {
      if (!existsSync(path.join(group, file))) throw new Error('no memory controller');
      writeFileSync(path.join(group, file), String(bytes));
      const join = `echo $$ > ${path.join(group, 'cgroup.procs')} && exec "$@"`;
      return { shown, words: ['sh', '-c', join, 'sh'], remove: () => removeGroup(group) };
    } catch {
      removeGroup(group);
    }
  }
  // What the stacks of threads reserve counts, too: 256 KiB each is what Node's own threads need at most.
  return { shown: 'prlimit --data', words: ['prlimit', `--data=${bytes}`], remove: () => {} };
}

/** A group is empty only some moments after its last process has ended. */
function removeGroup(group: string): void {
  for (
    let attempt = 0;
    attempt < 100 && readdirSync(path.dirname(group)).includes(path.basename(group));
    attempt++
  ) {
    try {
      rmdirSync(group);
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
