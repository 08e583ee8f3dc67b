import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface BuildInfo {
  /** From package.json. */
  readonly version: string;
  /** Of Node, without the `v`. */
  readonly node: string;
  /** Of the checkout that the daemon runs from; `null` when it was installed as a package. */
  readonly commit: string | null;
}

/** Reads what this build is, once at the start. */
export function readBuildInfo(): BuildInfo {
  const { folder, version } = ownPackage();
  return Object.freeze({ version, node: process.versions.node, commit: checkedOutCommit(folder) });
}

function ownPackage(): { folder: string; version: string } {
  // Compiled files may lie at any depth below the package.
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const text = readText(path.join(folder, 'package.json'));
    if (text !== null) {
      const found: unknown = JSON.parse(text);
      if (typeof found === 'object' && found !== null && 'name' in found && found.name === 'audit-sidecar') {
        const version = 'version' in found && typeof found.version === 'string' ? found.version : 'unknown';
        return { folder, version };
      }
    }
    const above = path.dirname(folder);
    if (above === folder) return { folder, version: 'unknown' };
    folder = above;
  }
}

/** Follows HEAD by hand (gitrepository-layout(5)): git need not be installed where the daemon runs. */
function checkedOutCommit(folder: string): string | null {
  // In a linked worktree `.git` is a file that names the folder, and branches are in the folder they have in common.
  const linked = /^gitdir: (.+)$/m.exec(readText(path.join(folder, '.git')) ?? '')?.[1];
  const git = path.resolve(folder, linked ?? '.git');
  const shared = path.resolve(git, readText(path.join(git, 'commondir'))?.trim() ?? '.');
  const head = readText(path.join(git, 'HEAD'))?.trim();
  if (head === undefined) return null;
  if (!head.startsWith('ref: ')) return commitOrNull(head);
  const ref = head.slice('ref: '.length);
  const loose = readText(path.join(shared, ref));
  if (loose !== null) return commitOrNull(loose.trim());
  const packed = readText(path.join(shared, 'packed-refs'))?.split('\n') ?? [];
  const line = packed.find((entry) => entry.endsWith(` ${ref}`));
  return commitOrNull(line?.split(' ')[0] ?? '');
}

function commitOrNull(text: string): string | null {
  return /^[0-9a-f]{40,64}$/.test(text) ? text : null;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
