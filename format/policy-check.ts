import { LONGEST_NAME } from '../kernel/numbers/limits.ts';
import { type PathSegment, parseJsonPath } from './json-path.ts';
import type { RecordPolicy } from './line-options.ts';
import type { PolicyProblem } from './policy-refused.ts';
import { secretPaths } from './profile.ts';

export { LONGEST_NAME as longestNameBytes } from '../kernel/numbers/limits.ts';

/** Headers, mounts and the like, each: far more than any server has, and few enough to be written into a message or answer. */
export const mostEntries = 10_000;

/** Each is looked at for each record that none before it fits, and compared with all before it. */
export const mostRules = 1000;

/** Everything in the policy that cannot be used. */
export function policyProblems(policy: RecordPolicy): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  for (const field of policy.clearFields.slice(0, mostEntries)) {
    const message = clearFieldProblem(field);
    if (message !== null) problems.push({ entry: field, message });
  }
  const clear = new Set(policy.clearFields);
  for (const field of policy.hashFields.slice(0, mostEntries)) {
    const message = hashFieldProblem(field) ?? contradiction(field, clear);
    if (message !== null) problems.push({ entry: field, message });
  }
  const keys = [...policy.mounts.values()].flatMap((mount) => [...mount.requestKeys, ...mount.responseKeys]);
  for (const [what, names] of [
    ['clear field', policy.clearFields],
    ['hash field', policy.hashFields],
    ['header', [...policy.auditedHeaders.keys()]],
    ['mount', [...policy.mounts.keys()]],
    ['key', keys],
    ['path', policy.unauditedPaths],
    ['text', policy.rules.flatMap(({ match }) => [...match.values()].flat())],
  ] as const) {
    if (names.length > mostEntries) {
      const message = `Cannot use ${names.length} ${what}s: at most ${mostEntries} are looked up for each record`;
      problems.push({ entry: names[mostEntries]!, message });
      continue;
    }
    for (const name of names) {
      if (Buffer.byteLength(name) <= LONGEST_NAME) continue;
      problems.push({
        entry: name,
        message: `Cannot use ${what} "${name.slice(0, 32)}…": it is longer than ${LONGEST_NAME} bytes`,
      });
    }
  }
  if (policy.rules.length > mostRules) {
    const message = `Cannot use ${policy.rules.length} rules: at most ${mostRules} are looked at for each record`;
    problems.push({ entry: 'records', message });
  }
  return problems;
}

function clearFieldProblem(field: string): string | null {
  const segments = parseJsonPath(field);
  const refusal = `Cannot leave "${field}" readable`;
  if (segments === null) {
    return `${refusal}: a path such as "request.service_name", "request.tags[]", "request.x_*" or "request.extra.**" is wanted`;
  }
  for (const [path] of secretPaths.filter(([, treatment]) => treatment === 'token' || treatment === 'hash')) {
    if (covers(segments, parseJsonPath(path)!))
      return `${refusal}: "${path}" holds a token and is always hashed`;
  }
  if (reaches(segments, ['request', 'headers'])) {
    return `${refusal}: which headers are readable is said by audited_headers`;
  }
  return null;
}

/** By these a line is found, put in order, and matched with those of other devices, which hash with other salts. */
const neverHashed: readonly string[] = ['time', 'type', 'request.id'];

function hashFieldProblem(field: string): string | null {
  const segments = parseJsonPath(field);
  const refusal = `Cannot hash "${field}"`;
  if (segments === null) {
    return `${refusal}: a path such as "response.headers", "response.data.tags[]" or "request.x_*" is wanted`;
  }
  const endless = segments.at(-1)?.kind === 'rest' ? segments : [...segments, rest];
  for (const path of neverHashed) {
    const place = parseJsonPath(path)!;
    if (covers(segments, place) || covers(endless, place)) {
      return `${refusal}: "${path}" always stays readable, for lines are found, ordered and compared between devices by it`;
    }
  }
  if (reaches(segments, ['request', 'headers'])) {
    return `${refusal}: which headers are hashed is said by audited_headers`;
  }
  return null;
}

const rest: PathSegment = { kind: 'rest' };

/** What is wrong with a hash field of which a clear field says the opposite; where one says more than the other, nothing is. */
export function contradiction(hashField: string, clearFields: ReadonlySet<string>): string | null {
  const below = hashField.endsWith('.**') ? hashField : `${hashField}.**`;
  const opposite = [hashField, below].find((path) => clearFields.has(path));
  return opposite === undefined ? null : `Cannot hash "${hashField}": clear_fields has "${opposite}"`;
}

/** Whether the rule applies to the path, all of whose segments are names. */
function covers(rule: readonly PathSegment[], path: readonly PathSegment[]): boolean {
  for (const [index, segment] of path.entries()) {
    const step = rule[index];
    if (step === undefined) return false;
    if (step.kind === 'rest') return true;
    if (segment.kind !== 'name' || !matches(step, segment.name)) return false;
  }
  return rule.length === path.length;
}

/** Whether the rule applies to the place of that path or to any below it. */
function reaches(rule: readonly PathSegment[], path: readonly string[]): boolean {
  for (const [index, name] of path.entries()) {
    const step = rule[index];
    if (step === undefined) return false;
    if (step.kind === 'rest') return true;
    if (!matches(step, name)) return false;
  }
  return true;
}

function matches(step: PathSegment, name: string): boolean {
  return step.kind === 'name' ? step.name === name : step.kind === 'prefix' && name.startsWith(step.prefix);
}
