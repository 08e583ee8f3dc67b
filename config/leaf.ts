/** One scalar of a configuration file, before anything is read into it. */
export class Leaf {
  /** As the file spells it (`1.0`, `0640`), without quotes, with credentials filled in. */
  readonly text: string;
  /** What YAML takes it for. Quoted scalars are text. */
  readonly kind: 'text' | 'number' | 'boolean';
  /** The text as the file has it: credentials stay references, so that it can be shown. */
  readonly shown: string;

  constructor(text: string, kind: Leaf['kind'], shown: string = text) {
    this.text = text;
    this.kind = kind;
    this.shown = shown;
  }

  /** Holds a credential: the text must not be shown to anyone. */
  get secret(): boolean {
    return this.text !== this.shown;
  }
}

/** A configuration file as plain values: maps have no prototype, so that no key is special. */
export type Tree = Leaf | null | readonly Tree[] | TreeMap;
export interface TreeMap {
  readonly [key: string]: Tree;
}

/** The map at a key of a map, or `null` when there is none. */
export function mapAt(tree: Tree, key: string): TreeMap | null {
  if (!isMap(tree)) return null;
  const value = tree[key];
  return value !== undefined && isMap(value) ? value : null;
}

export function isMap(tree: Tree): tree is TreeMap {
  return tree !== null && !(tree instanceof Leaf) && !Array.isArray(tree);
}
