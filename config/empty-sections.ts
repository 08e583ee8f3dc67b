import { isMap, type Tree } from './leaf.ts';

/** The sections that mean something without any entry: all that they hold has a default. */
const sections: ReadonlySet<string> = new Set([
  'listeners',
  'admin',
  'metrics',
  'audited_headers',
  'mounts',
  'clear_fields',
  'hash_fields',
  'unaudited_paths',
  'records',
  'limits',
  'log',
]);

/**
 * The file without the sections that say nothing, such as `limits:` with everything below it commented out: their
 * defaults count. `isWordNull`: whether `null` stands there in so many letters, which turns metrics off.
 */
export function withoutEmptySections(tree: Tree, isWordNull: (key: string) => boolean): Tree {
  if (!isMap(tree)) return tree;
  return Object.fromEntries(
    Object.entries(tree).filter(
      ([key, value]) => value !== null || !sections.has(key) || (key === 'metrics' && isWordNull(key)),
    ),
  );
}
