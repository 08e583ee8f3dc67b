import * as actions from '../kernel/numbers/actions.ts';
import { ASKED_NUMBER, HASHED_HEADER, HASHED_NUMBER } from '../kernel/numbers/plan-kinds.ts';
import * as table from '../kernel/numbers/policy-tables.ts';

import type { PolicyPlace } from './kernel.ts';
import type { MountKeys, RecordPolicy } from './line-options.ts';
import type { PathState } from './path-states.ts';
import { policyStates } from './policy-states.ts';
import { type Profile, profiles, type Treatment } from './profile.ts';
import { writeRules } from './rule-bytes.ts';
import { TableWriter } from './table-writer.ts';

const treatmentActions: Readonly<Record<Treatment, number>> = {
  clear: actions.CLEAR,
  hash: actions.HASH,
  token: actions.TOKEN,
  accessor: actions.ACCESSOR,
  wrapped_accessor: actions.WRAPPED_ACCESSOR,
  data: actions.DATA,
  values: actions.VALUES,
  text: actions.TEXT,
  url: actions.URL,
};

const numberKinds: Readonly<Record<PathState['numbers'], number>> = {
  stay: 0,
  hashed: HASHED_NUMBER,
  asked: ASKED_NUMBER,
};

/** The policy as the kernel reads it at that place. */
export function policyBytes(policy: RecordPolicy, place: PolicyPlace): Buffer {
  const writer = new TableWriter(place);
  const profile = profiles[policy.profile];
  const head = writer.reserve(table.HEAD_BYTES);
  const clear = writeUniform(writer, actions.CLEAR);
  writer.set(head + table.HEAD_ROOT, writePaths(writer, policy));
  writer.set(head + table.HEAD_CLEAR, clear);
  writer.set(head + table.HEAD_HEADERS, writeHeaders(writer, policy.auditedHeaders, profile, clear));
  writer.set(head + table.HEAD_MOUNTS, writeMounts(writer, policy.mounts));
  writer.set(head + table.HEAD_UNAUDITED, writeUnaudited(writer, policy.unauditedPaths));
  writer.set(head + table.HEAD_UNAUDITED_COUNT, policy.unauditedPaths.length);
  const rules = writeRules(writer, policy.rules);
  writer.set(head + table.HEAD_RULES, rules.first);
  writer.set(head + table.HEAD_RULE_TEXTS, rules.texts);
  writer.set(head + table.HEAD_RULE_DROPS, rules.drops ? 1 : 0);
  return writer.done();
}

function writeState(
  writer: TableWriter,
  state: number,
  action: number,
  other: number,
  elements: number,
): void {
  writer.setByte(state + table.STATE_ACTION, action);
  writer.setByte(state + table.STATE_FLAGS, other === state && elements === state ? table.UNIFORM : 0);
  writer.set(state + table.STATE_OTHER, other);
  writer.set(state + table.STATE_ELEMENTS, elements);
}

function writeUniform(writer: TableWriter, action: number): number {
  const state = writer.reserve(table.STATE_BYTES);
  writeState(writer, state, action, state, state);
  return state;
}

function writePaths(writer: TableWriter, policy: RecordPolicy): number {
  const states = policyStates(policy);
  const addresses = new Map<PathState, number>(
    states.map((state) => [state, writer.reserve(table.STATE_BYTES)]),
  );
  const addressOf = (state: PathState): number => addresses.get(state)!;
  for (const [state, address] of addresses) {
    writer.setByte(address + table.STATE_ACTION, treatmentActions[state.treatment]);
    writer.setByte(address + table.STATE_FIELD, state.field);
    writer.setByte(address + table.STATE_NUMBERS, numberKinds[state.numbers]);
    writer.setByte(address + table.STATE_FLAGS, state.uniform ? table.UNIFORM : 0);
    writer.set(address + table.STATE_OTHER, addressOf(state.other));
    writer.set(address + table.STATE_ELEMENTS, addressOf(state.elements));
    writer.names(address, new Map([...state.members].map(([name, member]) => [name, addressOf(member)])));
    const prefixes = writer.reserve(state.prefixes.length * table.ENTRY_BYTES);
    for (const [index, [prefix, member]] of state.prefixes.entries()) {
      writer.entry(prefixes + index * table.ENTRY_BYTES, Buffer.from(prefix), addressOf(member));
    }
    writer.set(address + table.STATE_PREFIXES, prefixes);
    writer.set(address + table.STATE_PREFIX_COUNT, state.prefixes.length);
  }
  return addressOf(states[0]!);
}

/**
 * The state whose names are the audited headers. A readable header's value is an array of strings or, where the profile takes it, a text;
 * of another shape, it is hashed.
 */
function writeHeaders(
  writer: TableWriter,
  headers: RecordPolicy['auditedHeaders'],
  { urlHeaders, numbers }: Profile,
  clear: number,
): number {
  const hashed = writeUniform(writer, actions.HASH);
  const always = writeUniform(writer, actions.HEADER);
  if (numbers === 'unreadable') {
    writer.setByte(hashed + table.STATE_NUMBERS, HASHED_NUMBER);
    writer.setByte(always + table.STATE_NUMBERS, HASHED_HEADER);
  }
  const readableAs = (text: number, elements: number): number => {
    const element = writer.reserve(table.STATE_BYTES);
    writeState(writer, element, elements, hashed, hashed);
    const readable = writer.reserve(table.STATE_BYTES);
    writeState(writer, readable, text, hashed, element);
    return readable;
  };
  const takesTexts = urlHeaders !== null;
  const ordinary = takesTexts
    ? readableAs(actions.TEXT, actions.TEXT)
    : readableAs(actions.HASH, actions.CLEAR);
  const url = takesTexts ? readableAs(actions.URL, actions.URL) : ordinary;
  const names = writer.reserve(table.STATE_BYTES);
  writeState(writer, names, actions.CLEAR, clear, clear);
  const targets = new Map<string, number>();
  for (const [name, { hmac }] of headers) {
    const lower = asciiLowerCase(name);
    const text = Buffer.from(JSON.stringify(lower));
    const header = writer.reserve(table.HEADER_BYTES);
    writer.set(header + table.HEADER_STATE, hmac ? always : urlHeaders?.includes(lower) ? url : ordinary);
    writer.set(header + table.HEADER_TEXT, writer.text(text));
    writer.set(header + table.HEADER_LENGTH, text.length);
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
    const mount = writer.reserve(table.MOUNT_BYTES);
    writer.set(mount + table.MOUNT_REQUEST_KEYS, writeKeys(writer, keys.requestKeys));
    writer.set(mount + table.MOUNT_RESPONSE_KEYS, writeKeys(writer, keys.responseKeys));
    targets.set(name, mount);
  }
  if (targets.size === 0) return 0;
  const names = writer.reserve(table.STATE_BYTES);
  writer.names(names, targets);
  return names;
}

function writeKeys(writer: TableWriter, keys: readonly string[]): number {
  if (keys.length === 0) return 0;
  const state = writer.reserve(table.STATE_BYTES);
  writer.names(state, new Map(keys.map((key) => [key, state])));
  return state;
}

function writeUnaudited(writer: TableWriter, paths: readonly string[]): number {
  const list = writer.reserve(paths.length * table.UNAUDITED_BYTES);
  for (const [index, path] of paths.entries()) {
    const prefix = path.endsWith('*');
    const text = Buffer.from(prefix ? path.slice(0, -1) : path);
    const entry = list + index * table.UNAUDITED_BYTES;
    writer.set(entry + table.UNAUDITED_LENGTH, (prefix ? table.ANY_REST : 0) + text.length);
    writer.set(entry + table.UNAUDITED_TEXT, writer.text(text));
  }
  return list;
}
