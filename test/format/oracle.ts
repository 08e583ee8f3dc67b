import { createHmac } from 'node:crypto';
import type { LineOptions, RecordPolicy } from '../../format/line-options.ts';
import { readableAt, readableHeader, readableText } from './oracle-api.ts';
import { type Member, type Node, parseRecord } from './oracle-parse.ts';

// What a device's line is, written down a second time and as plainly as it goes: walk the parsed record, hash with
// node:crypto, put the pieces together. It shares no code with the kernel.

/** An object key, or null for an array. */
type Step = string | null;

export interface OracleInput {
  readonly policy: RecordPolicy;
  readonly options: LineOptions;
  readonly salt: string;
  readonly headers: 'apply' | 'as_is';
  readonly arrivalMs: number;
}

interface Walk extends OracleInput {
  readonly text: string;
  readonly listing: boolean;
  readonly requestKeys: readonly string[];
  readonly responseKeys: readonly string[];
}

interface Envelope {
  readonly type?: unknown;
  readonly request?: {
    readonly id?: unknown;
    readonly operation?: unknown;
    readonly path?: unknown;
    readonly mount_point?: unknown;
    readonly namespace?: { readonly path?: unknown };
  };
}

/** A valid record, read once for all questions about it. */
export interface OracleRecord {
  readonly text: string;
  readonly node: Node;
  readonly envelope: Envelope;
}

/** Throws a `Fault` when it is not a record. */
export function readRecord(record: Buffer): OracleRecord {
  const text = record.toString('latin1');
  const node = parseRecord(text);
  return { text, node, envelope: JSON.parse(record.toString('utf8')) as Envelope };
}

function namespaceOf(envelope: Envelope): string {
  const path = envelope.request?.namespace?.path;
  if (typeof path !== 'string' || path === '') return '';
  return path.endsWith('/') ? path : `${path}/`;
}

/** With its namespace, which a mount point may have in front already. */
function mountOf(namespace: string, mountPoint: string): string {
  const whole = mountPoint.length > namespace.length && mountPoint.startsWith(namespace);
  return whole ? mountPoint : namespace + mountPoint;
}

export function isUnaudited({ envelope }: OracleRecord, policy: RecordPolicy): boolean {
  const path = envelope.request?.path;
  if (typeof path !== 'string') return false;
  const whole = utf8(namespaceOf(envelope) + path);
  return policy.unauditedPaths.some((wanted) =>
    wanted.endsWith('*') ? whole.startsWith(wanted.slice(0, -1)) : whole === wanted,
  );
}

/** Lone surrogates as U+FFFD. */
export function utf8(text: string): string {
  return Buffer.from(text).toString('utf8');
}

/** The JSON text of the line, without prefix and newline, as latin1. */
export function expectedJson({ text, node, envelope }: OracleRecord, input: OracleInput): string {
  const mountPoint = envelope.request?.mount_point;
  const mount =
    typeof mountPoint === 'string'
      ? input.policy.mounts.get(mountOf(utf8(namespaceOf(envelope)), utf8(mountPoint)))
      : undefined;
  const walk: Walk = {
    ...input,
    text,
    listing: envelope.type === 'response' && envelope.request?.operation === 'list',
    requestKeys: mount?.requestKeys ?? [],
    responseKeys: mount?.responseKeys ?? [],
  };
  const line = wellFormed(render(node, [], walk));
  if (Object.hasOwn(envelope, 'time')) return line;
  const time = `"time":"${new Date(input.arrivalMs).toISOString()}"`;
  const members = node.kind === 'object' ? node.members.length : 0;
  return `{${time}${members > 0 ? ',' : ''}${line.slice(1)}`;
}

/** The bytes of the line with prefix and newline. */
export function expectedLine(record: OracleRecord, input: OracleInput): Buffer {
  const json = expectedJson(record, input);
  const line =
    input.options.format === 'json'
      ? Buffer.from(json, 'latin1')
      : Buffer.from(jsonxOf(json, input.options.jsonxFragment));
  return Buffer.concat([Buffer.from(input.options.prefix), line, Buffer.from('\n')]);
}

/** With each escape of a lone surrogate as that of U+FFFD. Escapes are taken one after the other, a pair as one. */
function wellFormed(json: string): string {
  return json.replaceAll(/\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\(?:u....|[^u])/g, (spelt) =>
    /^\\u[dD][89a-fA-F]..$/.test(spelt) ? '\\ufffd' : spelt,
  );
}

function render(node: Node, path: readonly Step[], walk: Walk): string {
  const { text } = walk;
  if (node.kind === 'string') return renderString(node, path, walk);
  if (node.kind === 'array') {
    if (elided(node, path, 'keys', walk)) return String(node.elements.length);
    return splice(
      node,
      node.elements.map((element) => [element, render(element, [...path, null], walk)]),
      walk,
    );
  }
  if (node.kind === 'number' && isHashedNumber(path, walk))
    return hashOf(text.slice(node.start, node.end), walk);
  if (node.kind !== 'object') return text.slice(node.start, node.end);
  if (elided(node, path, 'key_info', walk)) return String(node.members.length);
  if (path.join('.') === 'request.headers' && walk.headers === 'apply')
    return renderHeaders(node.members, node, walk);
  const line = splice(
    node,
    node.members.map(({ name, value }) => [value, render(value, [...path, name], walk)]),
    walk,
  );
  if (!isPath(path, 'response', 'wrap_info')) return line;
  return `${line.slice(0, -1)}${missing(node.members, walk)}}`;
}

/** The text of a container with its values replaced. */
function splice(node: Node, parts: readonly (readonly [Node, string])[], walk: Walk): string {
  let result = '';
  let at = node.start;
  for (const [part, replacement] of parts) {
    result += walk.text.slice(at, part.start) + replacement;
    at = part.end;
  }
  return result + walk.text.slice(at, node.end);
}

/** The token and accessor that a filled-in `wrap_info` left out because they are empty. */
function missing(members: readonly Member[], walk: Walk): string {
  const has = (name: string): boolean => members.some((member) => member.name === name);
  if (!has('creation_time') || walk.options.logRaw) return '';
  const token = has('token') ? '' : `,"token":${hashOf('', walk)}`;
  const accessor = has('accessor') || !walk.options.hmacAccessor ? '' : `,"accessor":${hashOf('', walk)}`;
  return token + accessor;
}

function elided(node: Node, path: readonly Step[], name: string, walk: Walk): boolean {
  if (!walk.options.elideListResponses || !walk.listing) return false;
  if (!isPath(path, 'response', 'data', name)) return false;
  return node.kind === (name === 'keys' ? 'array' : 'object');
}

function isPath(path: readonly Step[], ...wanted: Step[]): boolean {
  return path.length === wanted.length && path.every((step, index) => step === wanted[index]);
}

/** By salt and value: random records repeat themselves, and createHmac is slow. */
const hashes = new Map<string, string>();

function hashOf(value: string | Buffer, walk: Walk): string {
  const key = `${walk.salt} ${Buffer.from(value).toString('latin1')}`;
  let hash = hashes.get(key);
  if (hash === undefined) {
    hash = `"hmac-sha256:${createHmac('sha256', walk.salt).update(Buffer.from(value)).digest('hex')}"`;
    if (hashes.size > 50_000) hashes.clear();
    hashes.set(key, hash);
  }
  return hash;
}

/** Members that are not audited go, with the blanks around them; between the others every byte stays. */
function renderHeaders(members: readonly Member[], node: Node, walk: Walk): string {
  const { text } = walk;
  let result = '{';
  let before = -1;
  for (const [index, { name, nameStart, nameEnd, value }] of members.entries()) {
    const header = utf8(name).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    const audited = walk.policy.auditedHeaders.get(header);
    if (audited === undefined) continue;
    const gap = text.slice(index === 0 ? node.start + 1 : members[index - 1]!.value.end, nameStart);
    const comma = before < 0 ? '' : text.slice(members[before]!.value.end, members[before + 1]!.nameStart);
    if (index === before + 1) result += gap;
    else result += comma.slice(0, comma.indexOf(',') + 1);
    const written =
      JSON.stringify(header) === JSON.stringify(name) && !text.slice(nameStart, nameEnd).includes('\\');
    result += written
      ? text.slice(nameStart, nameEnd)
      : Buffer.from(JSON.stringify(header)).toString('latin1');
    result += text.slice(nameEnd, value.start) + renderHeader(value, header, audited.hmac, walk, 0);
    before = index;
  }
  const lastStays = before === members.length - 1 && members.length > 0;
  const blank = members.length === 0 ? text.slice(node.start + 1, node.end - 1) : '';
  return `${result}${lastStays ? text.slice(members.at(-1)!.value.end, node.end - 1) : blank}}`;
}

/** Only strings directly in the array follow the table; whatever else has a string is hashed. */
function renderHeader(node: Node, name: string, hmac: boolean, walk: Walk, depth: number): string {
  const { text, options } = walk;
  const isApi = walk.policy.profile === 'api';
  if (isApi && node.kind === 'string' && !hmac && depth < 2 && !options.logRaw)
    return readable(node, readableHeader(name), walk);
  if (isApi && node.kind === 'number') {
    const hashed = hmac || (depth === 2 && options.hashNumbers !== false && !options.logRaw);
    const spelt = text.slice(node.start, node.end);
    return hashed ? hashOf(spelt, walk) : spelt;
  }
  if (node.kind === 'string') {
    const copied = hmac ? false : depth === 1 || walk.options.logRaw;
    return copied ? walk.text.slice(node.start, node.end) : hashOf(node.text, walk);
  }
  // A number that no array has: what is below an object is never "directly in the array".
  if (node.kind === 'array') {
    const below = depth === 0 ? 1 : 2;
    return splice(
      node,
      node.elements.map((element) => [element, renderHeader(element, name, hmac, walk, below)]),
      walk,
    );
  }
  if (node.kind === 'object') {
    return splice(
      node,
      node.members.map(({ value }) => [value, renderHeader(value, name, hmac, walk, 2)]),
      walk,
    );
  }
  return walk.text.slice(node.start, node.end);
}

function renderString(node: Node & { kind: 'string' }, path: readonly Step[], walk: Walk): string {
  if (isHashed(node.text, path, walk)) return hashOf(node.text, walk);
  const as = walk.policy.profile === 'api' ? readableAt(spelt(path)) : null;
  const copied = as === null || walk.options.logRaw || configuredFor(spelt(path), walk.policy) === 'clear';
  return copied ? walk.text.slice(node.start, node.end) : readable(node, as, walk);
}

function readable(node: Node, as: 'url' | 'text', walk: Walk): string {
  const between = walk.text.slice(node.start + 1, node.end - 1);
  return `"${readableText(between, as, (value) => hashOf(value, walk).slice(1, -1))}"`;
}

function isHashedNumber(path: readonly Step[], walk: Walk): boolean {
  const { options, policy } = walk;
  const place = spelt(path);
  const configured = configuredFor(place, policy);
  if (options.logRaw || options.hashNumbers === false) return false;
  if (path[0] === 'request' && path[1] === 'headers' && walk.headers === 'as_is') return false;
  const secret = tokens.includes(place) || place === 'response.wrap_info.token';
  if (configured === 'clear' && !secret) return false;
  if (configured !== 'hash' && isData(path) && hasClearKey(path, walk)) return false;
  if (policy.profile === 'api') return configured === 'hash' || readableAt(place) === null;
  if (options.hashNumbers !== true) return false;
  return configured === 'hash' || isData(path) || (path[0] === 'request' && path[1] === 'query');
}

function isData(path: readonly Step[]): boolean {
  return (path[0] === 'request' || path[0] === 'response') && path[1] === 'data';
}

function hasClearKey(path: readonly Step[], walk: Walk): boolean {
  const key = path.slice(2).findLast((step) => step !== null);
  const keys = path[0] === 'request' ? walk.requestKeys : walk.responseKeys;
  return key !== undefined && keys.includes(key!);
}

const tokens = ['auth.client_token', 'request.client_token', 'response.auth.client_token'];
const accessors = ['auth.accessor', 'request.client_token_accessor', 'response.auth.accessor'];
const wrappedAccessors = ['response.wrap_info.accessor', 'response.wrap_info.wrapped_accessor'];

const clearPatterns: readonly RegExp[] = [
  /^(type|time|error|forwarded_from)$/,
  /^(response\.)?auth\.(display_name|entity_id|token_type|token_issue_time)$/,
  /^(response\.)?auth\.(policies|token_policies|identity_policies)(\[\])?$/,
  /^(response\.)?auth\.external_namespace_policies(\.[^.[]*)?(\[\])?$/,
  /^(response\.)?auth\.(policy_results|metadata)[.[]/,
  /^request\.(id|client_id|replication_cluster|operation|path|remote_address|client_certificate_serial_number)$/,
  /^(request|response)\.mount_[^.[]*$/,
  /^request\.namespace[.[]/,
  /^response\.(secret\.lease_id|redirect|wrap_info\.creation_time|wrap_info\.creation_path)$/,
  /^response\.warnings(\[\])?$/,
  /^response\.headers[.[]/,
];

/** What they say of a place. */
const clearPlaces = new Map<string, boolean>();

/** `a.b[]`; a dot or a bracket in a key is written as something that no pattern has. */
function spelt(path: readonly Step[]): string {
  let result = '';
  for (const [index, step] of path.entries()) {
    if (step === null) result += '[]';
    else result += (index === 0 ? '' : '.') + step.replaceAll(/[.[\]]/g, '\u0001');
  }
  return result;
}

function isHashed(value: string, path: readonly Step[], walk: Walk): boolean {
  const { options, policy } = walk;
  if (options.logRaw) return false;
  const place = spelt(path);
  if (path[0] === 'request' && path[1] === 'headers' && walk.headers === 'as_is') return false;
  if (tokens.includes(place)) return value !== '';
  if (place === 'response.wrap_info.token') return true;
  const configured = configuredFor(place, policy);
  if (configured === 'clear') return false;
  if (configured === 'hash') return !accessors.includes(place) || value !== '';
  if (accessors.includes(place)) return options.hmacAccessor && value !== '';
  if (wrappedAccessors.includes(place)) return options.hmacAccessor;
  if (isData(path)) {
    if (hasClearKey(path, walk)) return false;
    return policy.profile === 'api' || options.hashTimestamps || !isTime(value);
  }
  if (policy.profile === 'api') return readableAt(place) === null;
  let clear = clearPlaces.get(place);
  if (clear === undefined) {
    clear = clearPatterns.some((pattern) => pattern.test(place));
    clearPlaces.set(place, clear);
  }
  return !clear;
}

/** What `clear_fields` and `hash_fields` say of a place: the one that says more at the first step where they differ. */
function configuredFor(place: string, policy: RecordPolicy): 'clear' | 'hash' | null {
  const places = configuredPlaces.get(policy) ?? new Map<string, 'clear' | 'hash' | null>();
  configuredPlaces.set(policy, places);
  let known = places.get(place);
  if (known === undefined) {
    known = closestField(place, policy);
    places.set(place, known);
  }
  return known;
}

/** By policy and place: records have the same places again and again. */
const configuredPlaces = new WeakMap<RecordPolicy, Map<string, 'clear' | 'hash' | null>>();

function closestField(place: string, policy: RecordPolicy): 'clear' | 'hash' | null {
  const below = (field: string): string => (field.endsWith('.**') ? field : `${field}.**`);
  const fields = [
    ...policy.hashFields.flatMap((field) => [...new Set([field, below(field)])].map(candidate('hash'))),
    ...policy.clearFields.map(candidate('clear')),
  ].filter(({ field }) => clearPattern(field).test(place));
  let closest: (typeof fields)[number] | undefined;
  for (const one of fields) if (closest === undefined || one.steps > closest.steps) closest = one;
  return closest?.says ?? null;
}

/** `steps` is a text that is larger for a field which says more: a character for each step. */
function candidate(says: 'clear' | 'hash') {
  return (field: string): { says: 'clear' | 'hash'; field: string; steps: string } => {
    const steps = field
      .replace(/\.\*\*$/, '')
      .split(/\.|(?=\[\])/)
      .map((step) => (step.endsWith('*') ? String.fromCharCode(step.length) : '\uffff'));
    return { says, field, steps: steps.join('') };
  };
}

const clearPatternsOf = new Map<string, RegExp>();

function clearPattern(field: string): RegExp {
  const known = clearPatternsOf.get(field);
  if (known !== undefined) return known;
  const source = field
    .replace(/\.\*\*$/, '§')
    .replaceAll('.', '\\.')
    .replaceAll('[]', '\\[\\]')
    .replaceAll('*', '[^.[]*')
    .replace('§', '[.[].*');
  const pattern = new RegExp(`^${source}$`, 's');
  clearPatternsOf.set(field, pattern);
  return pattern;
}

export function isTime(value: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)([.,]\d+)?(Z|[+-](\d\d):(\d\d))$/.exec(value);
  if (match === null || value.includes('\n')) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day!);
  const real =
    date.getUTCFullYear() === year && date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
  if (!real || hour! > 23 || minute! > 59 || second! > 59) return false;
  return match[9] === undefined || (Number(match[9]) <= 24 && Number(match[10]) <= 60);
}

/** The line of XML for a JSON line (as latin1). */
export function jsonxOf(json: string, fragment: boolean): string {
  const node = parseRecord(json);
  const members = node.kind === 'object' ? node.members : [];
  const inner = members.map(({ name, value }) => element(value, name, json)).join('');
  if (fragment) return inner;
  return `<json:object xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx">${inner}</json:object>`;
}

function element(node: Node, name: string | null, json: string): string {
  const attribute = name === null ? '' : ` name="${xmlText(name)}"`;
  let inner = json.slice(node.start, node.end);
  if (node.kind === 'null') return `<json:null${attribute} />`;
  if (node.kind === 'string') inner = xmlText(node.text);
  if (node.kind === 'array') inner = node.elements.map((child) => element(child, null, json)).join('');
  if (node.kind === 'object') {
    inner = node.members.map((member) => element(member.value, member.name, json)).join('');
  }
  return `<json:${node.kind}${attribute}>${inner}</json:${node.kind}>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function xmlText(text: string): string {
  let result = '';
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const entity = entities[character];
    if (entity !== undefined) result += entity;
    else if (point < 0x20 || (point >= 0xd800 && point < 0xe000) || point === 0xfffe || point === 0xffff) {
      result += '\ufffd';
    } else result += character;
  }
  return result;
}
