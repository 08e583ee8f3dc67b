import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { fillCredentials, namedCredentials } from './credential.ts';
import { Leaf, type Tree } from './leaf.ts';
import type { ConfigPath } from './problem.ts';

/** A document as plain values, with the place of each. */
export interface PlacedTree {
  readonly tree: Tree;
  /** The offset in the text of each value's key, or of the value itself in a list; by `placeKey`. */
  readonly places: ReadonlyMap<string, number>;
  /** Values that cannot be used whatever key they stand at. */
  readonly faults: readonly { readonly path: ConfigPath; readonly message: string }[];
  /** The names of all credentials that are asked for. */
  readonly credentials: ReadonlySet<string>;
}

/** Names a path in `PlacedTree.places`; unlike the dotted form it cannot be mistaken for another path. */
export function placeKey(path: ConfigPath): string {
  return JSON.stringify(path);
}

/** More values than any configuration has: a file of a few lines can hold more by aliases to aliases. */
const mostValues = 20_000;
/** Deeper than any key of ours. */
const deepest = 32;

/** Reads credentials from `credentialsDirectory` into the texts that name them. */
export function buildTree(document: Document, credentialsDirectory: string | undefined): PlacedTree {
  const places = new Map<string, number>();
  const faults: { path: ConfigPath; message: string }[] = [];
  const credentials = new Set<string>();
  let values = 0;

  const fault = (path: ConfigPath, message: string): null => {
    faults.push({ path, message });
    return null;
  };

  const build = (node: Node | null, path: ConfigPath): Tree => {
    if (++values > mostValues) {
      if (values === mostValues + 1)
        fault(path, `more than ${mostValues} values: are there aliases to aliases?`);
      return null;
    }
    if (path.length > deepest) return fault(path, 'nested too deep');
    if (isAlias(node)) {
      const target = followAlias(node, document);
      return target === null ? fault(path, 'this alias names no anchor above it') : build(target, path);
    }
    if (node !== null && hasForeignTag(node)) return fault(path, 'tags (!…) have no use here');
    if (isScalar(node)) return buildScalar(node, path);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const child = item as Node | null;
        const itemPath = [...path, index];
        places.set(placeKey(itemPath), child?.range?.[0] ?? node.range?.[0] ?? 0);
        return build(child, itemPath);
      });
    }
    if (!isMap(node)) return null;
    const map: Record<string, Tree> = Object.create(null);
    for (const pair of node.items) {
      const keyNode = pair.key as Node | null;
      const key = isScalar(keyNode) ? String(keyNode.value) : '';
      const keyPath = [...path, key];
      places.set(placeKey(keyPath), keyNode?.range?.[0] ?? node.range?.[0] ?? 0);
      if (key === '__proto__') fault(keyPath, 'this name cannot be used');
      else map[key] = build(pair.value as Node | null, keyPath);
    }
    return map;
  };

  const buildScalar = (scalar: Scalar, path: ConfigPath): Tree => {
    if (scalar.value === null) return null;
    const text = typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
    for (const name of namedCredentials(text)) credentials.add(name);
    const filled = fillCredentials(text, credentialsDirectory);
    if (filled.kind === 'refused') return fault(path, filled.message);
    if (filled.kind === 'filled') return new Leaf(filled.text, 'text', text);
    if (typeof scalar.value === 'string') return new Leaf(text, 'text');
    return new Leaf(text, typeof scalar.value === 'boolean' ? 'boolean' : 'number');
  };

  const tree = build(document.contents, []);
  return { tree, places, faults, credentials };
}

/** An anchor counts only above its alias, so a value can never contain itself. */
function followAlias(alias: Alias, document: Document): Node | null {
  const target = alias.resolve(document);
  const inside = target?.range != null && alias.range != null && target.range[1] > alias.range[0];
  return target === undefined || inside ? null : target;
}

/** `!!str`, `!!map` and `!!seq` say what is there anyway; every other tag would change what a value means. */
function hasForeignTag(node: Node): boolean {
  const tag = node.tag;
  return tag !== undefined && !/^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/.test(tag);
}
