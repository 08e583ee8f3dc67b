import path from 'node:path';
import { type Document, isScalar, LineCounter } from 'yaml';
import type { z } from 'zod';
import type { Config, ConfigProblem, DeviceConfig } from './config.ts';
import { crossCheck, type PathProblem } from './cross-checks.ts';
import { normaliseDevicePath } from './device-path.ts';
import { device, type ReadableDevice, readableDevice } from './device-schema.ts';
import { embeddedName, embeddedText } from './embedded.ts';
import { withoutEmptySections } from './empty-sections.ts';
import { frozen } from './frozen.ts';
import { isMap, Leaf, mapAt, type Tree } from './leaf.ts';
import { type ConfigPath, ConfigRefused } from './problem.ts';
import { readText } from './read-text.ts';
import { fileSchema, keySchemas, type ReadKeys } from './schema.ts';
import { isUnknownKey } from './shapes.ts';
import { type ConfigSource, configSource, lineAndColumn } from './source.ts';
import { buildTree, placeKey } from './tree.ts';
import { parseDocuments } from './yaml-documents.ts';
import { yamlFault } from './yaml-fault.ts';

export interface LoadedConfig {
  readonly config: Config;
  readonly source: ConfigSource;
}

/** A file as far as it could be read. */
export interface ReadConfig {
  /** `null` exactly when there are problems. */
  readonly config: Config | null;
  /** The devices as far as they can be read, so that their options can be judged in the same pass. */
  readonly devices: readonly ReadableDevice[];
  /** The keys as far as they can be read, with the defaults of what cannot: what the daemon would use, as far as it is known. */
  readonly keys: Partial<ReadKeys>;
  /** Files with credentials that are asked for. */
  readonly credentialFiles: readonly string[];
  /** In the order of the file. */
  readonly problems: readonly ConfigProblem[];
  readonly source: ConfigSource;
}

/**
 * Reads a configuration file, or the embedded default for `null`, and the credentials it names. Throws
 * `ConfigRefused` with every problem.
 */
export function loadConfig(file: string | null): LoadedConfig {
  const { config, problems, source } = readConfig(file);
  if (config === null) throw new ConfigRefused(problems);
  return { config, source };
}

/** As `loadConfig`, but hands the problems back for others to add to. */
export function readConfig(file: string | null): ReadConfig {
  if (file === null) return parseConfig(embeddedName, embeddedText);
  const read = readText(file);
  if (read.kind === 'text') return parseConfig(file, read.text);
  const before = read.kind === 'not_utf8' ? read.before.split('\n') : [''];
  const message = read.kind === 'not_utf8' ? 'this byte is not UTF-8' : read.message;
  const place = { line: before.length, column: before.at(-1)!.length + 1 };
  return unusable(file, [{ file, ...place, key: '', message }]);
}

/** Reads the text of a file called `file`. */
export function parseConfig(file: string, text: string): ReadConfig {
  const lines = new LineCounter();
  const documents = parseDocuments(text, lines);
  if (documents === null)
    return unusable(file, [{ file, line: 1, column: 1, key: '', message: 'nested too deep' }]);
  const faults = documents.flatMap((document) =>
    document.errors.map(({ code, pos }) => ({ offset: pos[0], message: yamlFault(code) })),
  );
  const second = documents[1];
  if (second !== undefined)
    faults.push({ offset: second.range?.[0] ?? 0, message: yamlFault('MULTIPLE_DOCS') });
  if (faults.length > 0) {
    const problems = faults.map(({ offset, message }) => ({
      file,
      ...lineAndColumn(lines, offset),
      key: '',
      message,
    }));
    return unusable(file, firstOfEachLine(inFileOrder(problems)));
  }
  const document = documents[0];
  if (document === undefined || document.contents === null) {
    const message = 'the file is empty, wanted at least the key "devices"';
    return unusable(file, [{ file, line: 1, column: 1, key: '', message }]);
  }
  return readDocument(file, document, lines);
}

function readDocument(file: string, document: Document, lines: LineCounter): ReadConfig {
  const folder = process.env['CREDENTIALS_DIRECTORY'];
  const built = buildTree(document, folder);
  const { places, faults } = built;
  const credentialFiles = folder ? [...built.credentials].map((name) => path.join(folder, name)) : [];
  const tree = withoutEmptySections(built.tree, (key) => isWordNull(document.get(key, true)));
  const deviceTrees = Object.entries(mapAt(tree, 'devices') ?? {});
  const asWritten = new Map<string, string>();
  for (const [written] of deviceTrees) {
    const devicePath = normaliseDevicePath(written) ?? written;
    if (!asWritten.has(devicePath)) asWritten.set(devicePath, written);
  }
  const source = configSource(file, places, lines, asWritten);

  const result = fileSchema.safeParse(tree);
  const issues = issuesOf(result);
  // An unknown key keeps the schema from looking at what else a section holds.
  const known = withoutKeys(
    tree,
    issues.filter(({ message }) => isUnknownKey(message)).map(({ path: at }) => at),
  );
  const second = fileSchema.safeParse(known);
  const read = second.success ? second.data : readableKeys(known);
  const told = new Set(issues.map((each) => JSON.stringify(each)));
  issues.push(...issuesOf(second).filter((each) => !told.has(JSON.stringify(each))));
  // A value without any meaning leaves a hole, and what the schema says about the hole would only confuse.
  const holes = new Set(faults.map(({ path }) => placeKey(path)));
  const found = [
    ...faults,
    ...[...issues, ...crossCheck(tree, read)].filter(({ path }) => !holes.has(placeKey(path))),
  ];
  const problems = inFileOrder(found.map(({ path, message }) => source.problem(path, message)));

  const declared = deviceTrees.flatMap(([written, value]): DeviceConfig[] => {
    const devicePath = normaliseDevicePath(written);
    const parsed = devicePath === null ? null : device.safeParse(value);
    return devicePath !== null && parsed?.success ? [frozen({ path: devicePath, ...parsed.data })] : [];
  });
  const config = result.success && problems.length === 0 ? asConfig(result.data, declared) : null;
  const devices = deviceTrees.map(([written, value]) => readableDevice(written, value));
  const keys = second.success ? second.data : usableKeys(known);
  return { config, devices, keys, credentialFiles, problems, source };
}

function issuesOf(result: z.ZodSafeParseResult<ReadKeys>): PathProblem[] {
  return (result.error?.issues ?? []).map(({ path: at, message }) => ({ path: at as ConfigPath, message }));
}

/** The tree without what stands at these places. */
function withoutKeys(tree: Tree, places: readonly ConfigPath[]): Tree {
  if (places.length === 0 || tree === null || tree instanceof Leaf) return tree;
  const below = (step: string | number): ConfigPath[] =>
    places.filter((at) => at[0] === step && at.length > 1).map((at) => at.slice(1));
  const ends = new Set(places.filter((at) => at.length === 1).map((at) => at[0]));
  if (!isMap(tree)) return tree.map((each, index) => withoutKeys(each, below(index)));
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([key]) => !ends.has(key))
      .map(([key, value]) => [key, withoutKeys(value, below(key))]),
  );
}

function readableKeys(tree: Tree): Partial<ReadKeys> {
  const keys: Record<string, unknown> = {};
  const values = isMap(tree) ? tree : {};
  for (const [key, schema] of Object.entries(keySchemas)) {
    const result = schema.safeParse(values[key]);
    if (result.success) keys[key] = result.data;
  }
  return keys as Partial<ReadKeys>;
}

/** Looks deeper each time: what cannot be read may be the reason why something above it cannot. */
const mostLooks = 4;

/** As `readableKeys`, but leaves out what cannot be read in a key, and not the whole of it. */
function usableKeys(tree: Tree): Partial<ReadKeys> {
  const keys: Record<string, unknown> = {};
  const values = isMap(tree) ? tree : {};
  for (const [key, schema] of Object.entries(keySchemas)) {
    let value: Tree | undefined = values[key];
    for (let look = 0; look < mostLooks; look++) {
      const result = schema.safeParse(value);
      if (result.success) keys[key] = result.data;
      if (result.success || value === undefined) break;
      const places = result.error.issues.map(({ path: at }) => at as ConfigPath);
      value = withoutKeys(
        value,
        places.map((at) => (isThere(value!, at) ? at : at.slice(0, -1))),
      );
    }
  }
  return keys as Partial<ReadKeys>;
}

function isThere(tree: Tree, place: ConfigPath): boolean {
  const [step, ...below] = place;
  if (step === undefined) return true;
  if (tree === null || tree instanceof Leaf) return false;
  const next = isMap(tree) ? tree[String(step)] : tree[Number(step)];
  return next !== undefined && isThere(next, below);
}

function asConfig(keys: ReadKeys, devices: readonly DeviceConfig[]): Config {
  return frozen({
    stateDir: keys.state_dir,
    profile: keys.profile,
    require: keys.require,
    listeners: keys.listeners,
    admin: keys.admin,
    metrics: keys.metrics,
    devices: new Map(devices.map((one) => [one.path, one])),
    auditedHeaders: keys.audited_headers,
    mounts: keys.mounts,
    clearFields: keys.clear_fields,
    hashFields: keys.hash_fields,
    unauditedPaths: keys.unaudited_paths,
    records: keys.records,
    limits: keys.limits,
    log: keys.log,
  });
}

function isWordNull(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source !== undefined && node.source !== '';
}

/** One slip makes the parser complain about all that follows it on the line. */
function firstOfEachLine(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.filter((problem, index) => problem.line !== problems[index - 1]?.line);
}

function unusable(file: string, problems: readonly ConfigProblem[]): ReadConfig {
  const source = configSource(file, new Map(), new LineCounter(), new Map());
  return { config: null, devices: [], keys: {}, credentialFiles: [], problems, source };
}

/** Sorting keeps the order of what is at the same place. */
export function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((one, other) => one.line - other.line || one.column - other.column);
}
