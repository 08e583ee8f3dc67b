import { resolve } from 'node:path';
import { emptyRecordPolicy, type RecordPolicy } from '../format/line-options.ts';
import { contradiction, mostEntries, mostRules, policyProblems } from '../format/policy-check.ts';
import { matchedFields } from '../format/record-rules.ts';
import type { ListenAddress } from './config.ts';
import { normaliseDevicePath, pathsCollide } from './device-path.ts';
import { foundButWanted } from './found.ts';
import { isMap, Leaf, mapAt, type Tree } from './leaf.ts';
import { type ConfigPath, quoted } from './problem.ts';
import type { ReadKeys } from './schema.ts';
import { suggest } from './suggestion.ts';

/** Each has a lane, a thread's work and a row in every status; hundreds are unheard of. */
export const mostDevices = 1000;

/** A problem before its place is known. */
export interface PathProblem {
  readonly path: ConfigPath;
  readonly message: string;
}

/**
 * What no single key can tell: whether keys fit together. `read` has the keys that could be read, so that one wrong
 * key does not hide what is wrong between the others.
 */
export function crossCheck(tree: Tree, read: Partial<ReadKeys>): PathProblem[] {
  const devicePaths = Object.keys(mapAt(tree, 'devices') ?? {});
  return [
    ...devicePathProblems(devicePaths),
    ...requirementProblems(read.require, tree, devicePaths),
    ...socketProblems(read),
    ...limitProblems(read.limits, tree),
    ...emptyMatches(tree),
    ...policyEntryProblems(read),
  ];
}

/** With everything in it commented out, a rule for few records would be one for all. */
function emptyMatches(tree: Tree): PathProblem[] {
  const rules = isMap(tree) ? tree['records'] : undefined;
  if (!Array.isArray(rules)) return [];
  const message = `found an empty map, wanted at least one of ${Object.keys(matchedFields).join(', ')}: leave "match" out for a rule that fits every record`;
  return rules.flatMap((rule: Tree, index) => {
    const match = mapAt(rule, 'match');
    const isEmpty = match !== null && Object.keys(match).length === 0;
    return isEmpty ? [{ path: ['records', index, 'match'], message }] : [];
  });
}

/** What the formatter would refuse. It is asked entry by entry, because it does not know where an entry stands. */
function policyEntryProblems(read: Partial<ReadKeys>): PathProblem[] {
  const problems = entryCountProblems(read);
  if (problems.length > 0) return problems;
  const entries: { path: ConfigPath; policy: Partial<RecordPolicy> }[] = [];
  for (const [index, field] of (read.clear_fields ?? []).entries()) {
    entries.push({ path: ['clear_fields', index], policy: { clearFields: [field] } });
  }
  for (const [index, field] of (read.hash_fields ?? []).entries()) {
    entries.push({ path: ['hash_fields', index], policy: { hashFields: [field] } });
  }
  for (const [index, path] of (read.unaudited_paths ?? []).entries()) {
    entries.push({ path: ['unaudited_paths', index], policy: { unauditedPaths: [path] } });
  }
  for (const [name, header] of read.audited_headers ?? []) {
    entries.push({ path: ['audited_headers', name], policy: { auditedHeaders: new Map([[name, header]]) } });
  }
  for (const [mount, keys] of read.mounts ?? []) {
    entries.push({ path: ['mounts', mount], policy: { mounts: new Map([[mount, keys]]) } });
  }
  const problemsOfEntries = entries.flatMap(({ path, policy }) =>
    policyProblems({ ...emptyRecordPolicy, ...policy }).map(({ message }) => ({ path, message })),
  );
  return [...problemsOfEntries, ...contradictions(read)];
}

function contradictions({ clear_fields = [], hash_fields = [] }: Partial<ReadKeys>): PathProblem[] {
  const clear = new Set(clear_fields);
  return hash_fields.flatMap((field, index) => {
    const message = contradiction(field, clear);
    return message === null ? [] : [{ path: ['hash_fields', index], message }];
  });
}

function entryCountProblems(read: Partial<ReadKeys>): PathProblem[] {
  const counts = {
    clear_fields: read.clear_fields?.length,
    hash_fields: read.hash_fields?.length,
    unaudited_paths: read.unaudited_paths?.length,
    audited_headers: read.audited_headers?.size,
    mounts: read.mounts?.size,
  };
  const problems = Object.entries(counts).flatMap(([key, count = 0]) => tooMany([key], count, mostEntries));
  return [...problems, ...ruleCountProblems(read.records ?? [])];
}

function ruleCountProblems(rules: ReadKeys['records']): PathProblem[] {
  const problems = tooMany(['records'], rules.length, mostRules);
  if (problems.length > 0) return problems;
  const texts = rules.flatMap(({ match }) => [...match.values()].flat()).length;
  if (texts <= mostEntries) return [];
  return [{ path: ['records'], message: `found ${texts} texts in its rules, wanted at most ${mostEntries}` }];
}

function tooMany(path: ConfigPath, count: number, most: number): PathProblem[] {
  return count <= most ? [] : [{ path, message: `found ${count} entries, wanted at most ${most}` }];
}

function devicePathProblems(written: readonly string[]): PathProblem[] {
  // Each is compared with all before it.
  const problems = tooMany(['devices'], written.length, mostDevices);
  if (problems.length > 0) return problems;
  const earlier: string[] = [];
  for (const key of written) {
    const path = normaliseDevicePath(key);
    if (path === null) {
      const message = 'wanted a device path such as file/ or site/siem/, without empty parts, "." or ".."';
      problems.push({ path: ['devices', key], message });
      continue;
    }
    const other = earlier.find((one) => pathsCollide(one, path));
    if (other !== undefined) {
      const relation =
        other === path ? 'the same device path' : path.startsWith(other) ? 'above it' : 'below it';
      const message = `path already in use: ${quoted(other)} is ${relation}`;
      problems.push({ path: ['devices', key], message });
    }
    earlier.push(path);
  }
  return problems;
}

function requirementProblems(
  require: ReadKeys['require'] | undefined,
  tree: Tree,
  written: readonly string[],
): PathProblem[] {
  // Without a map of devices there is a problem already, and every name would be unknown.
  if (require === undefined || mapAt(tree, 'devices') === null || written.length > mostDevices) return [];
  const known = written.map((key) => normaliseDevicePath(key) ?? key);
  if (require.kind === 'count' && require.count > known.length) {
    const message = `found ${require.count}, wanted at most ${known.length}: that many devices are declared here`;
    return [{ path: ['require'], message }];
  }
  if (require.kind !== 'devices') return [];
  const list = isMap(tree) ? tree['require'] : undefined;
  const leaves = Array.isArray(list) ? list.filter((one) => one instanceof Leaf) : [];
  const excess = tooMany(['require'], leaves.length, mostDevices);
  if (excess.length > 0) return excess;
  return leaves.flatMap((leaf, index): PathProblem[] => {
    const path = normaliseDevicePath(leaf.text) ?? leaf.text;
    if (known.includes(path)) return [];
    if (leaf.secret)
      return [{ path: ['require', index], message: foundButWanted(leaf, 'a declared device') }];
    const meant = suggest(path, known);
    const hint = meant === null ? 'wanted one that is declared under "devices"' : `did you mean "${meant}"?`;
    return [{ path: ['require', index], message: `unknown device ${quoted(path)}: ${hint}` }];
  });
}

/** Two servers cannot share an address; the second would fail to bind, or take the first one's socket away. */
function socketProblems(read: Partial<ReadKeys>): PathProblem[] {
  const places: { path: ConfigPath; address: ListenAddress }[] = [];
  for (const [index, listener] of (read.listeners ?? []).entries()) {
    places.push(
      listener.kind === 'stream'
        ? { path: ['listeners', index, 'path'], address: { kind: 'unix', path: listener.path } }
        : { path: ['listeners', index, 'http'], address: listener.address },
    );
  }
  if (read.admin !== undefined) {
    places.push({ path: ['admin', 'path'], address: { kind: 'unix', path: read.admin.path } });
    const tcp = read.admin.tcp;
    if (tcp !== null)
      places.push({ path: ['admin', 'tcp', 'address'], address: { kind: 'tcp', ...tcp.address } });
  }
  if (read.metrics != null) places.push({ path: ['metrics', 'listen'], address: read.metrics.listen });

  const problems: PathProblem[] = [];
  const taken = new Set<string>();
  for (const { path, address } of places) {
    // Port 0 is another port each time.
    if (address.kind === 'tcp' && address.port === 0) continue;
    const name = address.kind === 'unix' ? resolve(address.path) : `${address.host}:${address.port}`;
    if (taken.has(name)) problems.push({ path, message: 'another key listens at this address already' });
    taken.add(name);
  }
  return problems;
}

function limitProblems(limits: ReadKeys['limits'] | undefined, tree: Tree): PathProblem[] {
  if (limits === undefined) return [];
  const written = mapAt(tree, 'limits') ?? {};
  // The place is a key that is in the file: of the two, one may be a default.
  const at = (first: string, second: string): ConfigPath => ['limits', first in written ? first : second];
  const problems: PathProblem[] = [];
  if (limits.maxRecordBytes > limits.connectionBytes) {
    problems.push({
      path: at('max_record_bytes', 'connection_bytes'),
      message: 'max_record_bytes is more than connection_bytes: a record of that size could never be read',
    });
  }
  if (limits.connectionBytes > limits.totalBytes) {
    problems.push({
      path: at('connection_bytes', 'total_bytes'),
      message: 'connection_bytes is more than total_bytes: one connection could never have that much',
    });
  }
  return problems;
}
