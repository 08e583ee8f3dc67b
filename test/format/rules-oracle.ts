import { type Level, type MatchedField, matchedFields, type RecordRule } from '../../format/record-rules.ts';
import { type OracleRecord, readRecord, utf8 } from './oracle.ts';
import type { Member, Node } from './oracle-parse.ts';

// At which level a record is written, and what then is left of it, a second time and as plainly as it goes: by JSON.parse.

/** Undefined when there is no such text. */
function textAt(envelope: unknown, path: string): string | undefined {
  let value = envelope;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'string' ? utf8(value) : undefined;
}

function slashed(text: string): string {
  return text === '' || text.endsWith('/') ? text : `${text}/`;
}

/** Whether some server may take it for a path that it does not begin like. */
function leadsElsewhere(path: string): boolean {
  const segments = path.split(/[/\\;]|%2f|%5c/i);
  return segments.some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
}

function hasOne(envelope: unknown, field: MatchedField, patterns: readonly string[], level: Level): boolean {
  const text = textAt(envelope, matchedFields[field]);
  if (text === undefined) return false;
  const isFolder = field === 'mount' || field === 'namespace';
  const texts = [isFolder ? slashed(text) : field === 'path' ? text.split(/[?#]/)[0]! : text];
  const namespace = textAt(envelope, matchedFields.namespace);
  if (
    field === 'mount' &&
    namespace !== undefined &&
    !(text.length > slashed(namespace).length && text.startsWith(slashed(namespace)))
  )
    texts.push(slashed(slashed(namespace) + text));
  return patterns.some((pattern) =>
    texts.some((each) => {
      if (!pattern.endsWith('*')) return each === (isFolder ? slashed(pattern) : pattern);
      return (
        each.startsWith(pattern.slice(0, -1)) &&
        (field !== 'path' || level === 'full' || !leadsElsewhere(each))
      );
    }),
  );
}

/** The first rule that fits; -1 when none does. */
export function ruleFor(record: Buffer, rules: readonly RecordRule[]): number {
  const envelope: unknown = JSON.parse(record.toString('utf8'));
  return rules.findIndex(({ match, level }) =>
    [...match].every(([field, patterns]) => hasOne(envelope, field, patterns, level)),
  );
}

/** The record without the data that is left out at this level. */
export function reduced(record: OracleRecord, level: Level): OracleRecord {
  if (level === 'full') return record;
  const parents = level === 'metadata' ? ['request', 'response'] : level === 'request' ? ['response'] : [];
  const cuts = membersOf(record.node)
    .filter(({ name }) => parents.includes(name))
    .flatMap(({ value }) => cutsIn(membersOf(value)));
  let text = '';
  let at = 0;
  for (const [from, to] of cuts) {
    text += record.text.slice(at, from);
    at = to;
  }
  return readRecord(Buffer.from(text + record.text.slice(at), 'latin1'));
}

function membersOf(node: Node): readonly Member[] {
  return node.kind === 'object' ? node.members : [];
}

/** A member goes with the comma before it, or with that behind it when none before it stays. */
function cutsIn(members: readonly Member[]): (readonly [from: number, to: number])[] {
  const first = members.findIndex(({ name }) => name !== 'data');
  return members.flatMap(({ name, nameStart, value }, index) => {
    if (name !== 'data') return [];
    if (first !== -1 && first < index) return [[members[index - 1]!.value.end, value.end] as const];
    return [[nameStart, members[index + 1]?.nameStart ?? value.end] as const];
  });
}
