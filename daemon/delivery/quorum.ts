import type { Requirement } from '../../config/config.ts';
import type { Quorum } from './batch.ts';

/** Resolves the `require` policy for the lanes that are enabled now, given by their paths in slot order. */
export function resolveQuorum(requirement: Requirement, paths: readonly string[]): Quorum {
  const all = paths.map(() => true);
  switch (requirement.kind) {
    case 'any':
      return { paths, need: 1, qualifies: all };
    case 'all':
      return { paths, need: paths.length, qualifies: all };
    case 'count':
      return { paths, need: requirement.count, qualifies: all };
    case 'devices':
      // A named device that is not enabled leaves fewer qualifying lanes than are needed: nothing is `ok`.
      return {
        paths,
        need: requirement.paths.length,
        qualifies: paths.map((path) => requirement.paths.includes(path)),
      };
  }
}
