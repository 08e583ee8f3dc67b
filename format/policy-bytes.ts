import { hashedPaths, readFields, type Treatment } from './hashed-paths.ts';
import type { MountKeys, RecordPolicy } from './line-options.ts';
import { type PathState, pathRule, pathStates } from './path-states.ts';
import { TableWriter } from './table-writer.ts';

const stateBytes = 32;
const prefixBytes = 24;
const anyRest = 0x8000_0000;

/** The kernel's numbers (kernel/policy.ts); an audited header's value has one of its own. */
const actions: Readonly<Record<Treatment | 'header', number>> = {
  clear: 0,
  hash: 1,
  token: 2,
  accessor: 3,
  wrapped_accessor: 4,
  data: 5,
  header: 6,
};

/** The policy as the kernel reads it, for the address `base`. */
export function policyBytes(policy: RecordPolicy, base: number): Buffer {
  const writer = new TableWriter(base);
  const head = writer.reserve(32);
  const clear = writeUniform(writer, actions.clear);
  writer.set(head, writePaths(writer, policy.clearFields));
  writer.set(head + 4, clear);
  writer.set(head + 8, writeHeaders(writer, policy.auditedHeaders, clear));
  writer.set(head + 12, writeMounts(writer, policy.mounts));
  writer.set(head + 16, writeUnaudited(writer, policy.unauditedPaths));
  writer.set(head + 20, policy.unauditedPaths.length);
  return writer.done();
}

function writeState(
  writer: TableWriter,
  state: number,
  action: number,
  other: number,
  elements: number,
): void {
  writer.setByte(state, action);
  writer.setByte(state + 2, other === state && elements === state ? 1 : 0);
  writer.set(state + 12, other);
  writer.set(state + 16, elements);
}

function writeUniform(writer: TableWriter, action: number): number {
  const state = writer.reserve(stateBytes);
  writeState(writer, state, action, state, state);
  return state;
}

function writePaths(writer: TableWriter, clearFields: readonly string[]): number {
  const states = pathStates([
    ...hashedPaths.map(([path, treatment]) => pathRule(path, treatment)),
    ...readFields.map(([path, field]) => pathRule(path, null, field)),
    ...clearFields.map((path) => pathRule(path, 'clear')),
  ]);
  const addresses = new Map<PathState, number>(states.map((state) => [state, writer.reserve(stateBytes)]));
  const addressOf = (state: PathState): number => addresses.get(state)!;
  for (const [state, address] of addresses) {
    writer.setByte(address, actions[state.treatment]);
    writer.setByte(address + 1, state.field);
    writer.setByte(address + 2, state.uniform ? 1 : 0);
    writer.set(address + 12, addressOf(state.other));
    writer.set(address + 16, addressOf(state.elements));
    writer.names(address, new Map([...state.members].map(([name, member]) => [name, addressOf(member)])));
    const prefixes = writer.reserve(state.prefixes.length * prefixBytes);
    for (const [index, [prefix, member]] of state.prefixes.entries()) {
      writer.entry(prefixes + index * prefixBytes, Buffer.from(prefix), addressOf(member));
    }
    writer.set(address + 20, prefixes);
    writer.set(address + 24, state.prefixes.length);
  }
  return addressOf(states[0]!);
}

/** The names of audited headers. The strings of a value's array follow the table; anything of another shape is hashed. */
function writeHeaders(writer: TableWriter, headers: RecordPolicy['auditedHeaders'], clear: number): number {
  const hashed = writeUniform(writer, actions.hash);
  const always = writeUniform(writer, actions.header);
  const element = writer.reserve(stateBytes);
  writeState(writer, element, actions.clear, hashed, hashed);
  const readable = writer.reserve(stateBytes);
  writeState(writer, readable, actions.hash, hashed, element);
  const names = writer.reserve(stateBytes);
  writeState(writer, names, actions.clear, clear, clear);
  const targets = new Map<string, number>();
  for (const [name, { hmac }] of headers) {
    const lower = asciiLowerCase(name);
    const text = Buffer.from(JSON.stringify(lower));
    const header = writer.reserve(12);
    writer.set(header, hmac ? always : readable);
    writer.set(header + 4, writer.text(text));
    writer.set(header + 8, text.length);
    targets.set(lower, header);
  }
  writer.names(names, targets);
  return names;
}

function asciiLowerCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function writeMounts(writer: TableWriter, mounts: ReadonlyMap<string, MountKeys>): number {
  const targets = new Map<string, number>();
  for (const [name, keys] of mounts) {
    if (keys.requestKeys.length === 0 && keys.responseKeys.length === 0) continue;
    const mount = writer.reserve(8);
    writer.set(mount, writeKeys(writer, keys.requestKeys));
    writer.set(mount + 4, writeKeys(writer, keys.responseKeys));
    targets.set(name, mount);
  }
  if (targets.size === 0) return 0;
  const names = writer.reserve(stateBytes);
  writer.names(names, targets);
  return names;
}

function writeKeys(writer: TableWriter, keys: readonly string[]): number {
  if (keys.length === 0) return 0;
  const state = writer.reserve(stateBytes);
  writer.names(state, new Map(keys.map((key) => [key, state])));
  return state;
}

function writeUnaudited(writer: TableWriter, paths: readonly string[]): number {
  const list = writer.reserve(paths.length * 8);
  for (const [index, path] of paths.entries()) {
    const prefix = path.endsWith('*');
    const text = Buffer.from(prefix ? path.slice(0, -1) : path);
    writer.set(list + index * 8, (prefix ? anyRest : 0) + text.length);
    writer.set(list + index * 8 + 4, writer.text(text));
  }
  return list;
}
