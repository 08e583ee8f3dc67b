import { Leaf } from './leaf.ts';
import { quoted } from './problem.ts';

/** "found …, wanted …" for a value that cannot be used, whatever it is. A credential's value is never repeated. */
export function foundButWanted(value: unknown, wanted: string): string {
  if (value === undefined) return `missing, wanted ${wanted}`;
  return `found ${described(value)}, wanted ${wanted}`;
}

/** What was found, as a message names it. A string stands for a description made earlier. */
export function described(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (!(value instanceof Leaf)) return 'a map';
  if (value.secret) return `something else in ${quoted(value.shown)}`;
  return value.kind === 'text' ? quoted(value.text) : value.text;
}
