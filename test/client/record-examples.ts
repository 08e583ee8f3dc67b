import { readSchema, type Schema } from './record-types.ts';

const { $defs } = readSchema();

export function memberSchemas(definition: string): [name: string, schema: Schema][] {
  return Object.entries($defs[definition]!.properties!);
}

/** The definition that a member has, if it has members of its own. */
function definitionOf({ $ref }: Schema): string | null {
  return $ref?.slice('#/$defs/'.length) ?? null;
}

/** One example of each member, and of each below it. */
export function fullExample(definition: string): Record<string, unknown> {
  return Object.fromEntries(
    memberSchemas(definition).map(([name, schema]) => {
      const below = definitionOf(schema);
      return [name, below === null ? schema.examples![0] : fullExample(below)];
    }),
  );
}

/** The members without members of their own, with their schemas, in order. */
export function leavesOf(definition: string): [place: string, schema: Schema][] {
  return memberSchemas(definition).flatMap(([name, schema]) => {
    const below = definitionOf(schema);
    if (below === null) return [[name, schema]];
    return leavesOf(below).map(([place, leaf]): [string, Schema] => [`${name}.${place}`, leaf]);
  });
}

/** What stands at such a place of a record. */
export function memberAt(record: unknown, place: string): unknown {
  return place
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], record);
}

/** What has become of a member between a record and its line. */
export function fateOf(sent: unknown, written: unknown): string {
  if (JSON.stringify(written) === JSON.stringify(sent)) return 'readable';
  if (written === undefined || Object.keys(written as object).length === 0) return 'left out';
  const leaves = valuesOf(written).filter((value) => typeof value !== 'boolean' && value !== null);
  const hashed = leaves.filter((value) => /^hmac-sha256:[0-9a-f]{64}$/.test(String(value)));
  return hashed.length === leaves.length ? 'hashed' : 'values hashed';
}

function valuesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(valuesOf) : [value];
}
