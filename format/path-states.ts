import { type PathSegment, parseJsonPath } from './json-path.ts';
import { numberPaths, type Profile, type Treatment } from './profile.ts';

/** A path of the table, or of `clear_fields` or `hash_fields`. */
export interface PathRule {
  /** As it is written. */
  readonly path: string;
  readonly segments: readonly PathSegment[];
  /** null when the path is only named to be read. */
  readonly treatment: Treatment | null;
  /** 0 for none. */
  readonly field: number;
  /** Whose rule it is: what the configuration says of a place counts before what the table says. */
  readonly origin: 'table' | 'configuration';
  /** Whether it applies to everything below the place where it ends, too. */
  readonly endless: boolean;
  /** Whether it says that numbers are among what can be hashed. */
  readonly numbers: boolean;
}

/** What is known of a place in a record: how a string there is treated, and the place of each of its members and elements. */
export interface PathState {
  treatment: Treatment;
  /** The rule that says so; `null`: none does, and what is in no rule is hashed. */
  rule: PathRule | null;
  /** What becomes of a number: it stays, is hashed unless the device says otherwise, or is hashed when the device says so. */
  numbers: 'stay' | 'hashed' | 'asked';
  field: number;
  /** By exact name. */
  readonly members: Map<string, PathState>;
  /** By the text that a name begins with, the longest first. */
  readonly prefixes: (readonly [prefix: string, state: PathState])[];
  other: PathState;
  elements: PathState;
  /** All members and elements are in this same state. */
  uniform: boolean;
}

/** Where rules of the table contradict each other, the first of these counts. */
const precedence: readonly Treatment[] = [
  ...(['hash', 'token', 'clear', 'url', 'text'] as const),
  ...(['wrapped_accessor', 'accessor', 'data', 'values'] as const),
];

/** A rule of the table. */
export function pathRule(path: string, treatment: Treatment | null, field: number = 0): PathRule {
  const segments = segmentsOf(path);
  const endless = segments.at(-1)?.kind === 'rest';
  return { path, segments, treatment, field, origin: 'table', endless, numbers: false };
}

/** The rules for the places where a device can hash numbers, whatever becomes of the strings there. */
export function numberRules(): PathRule[] {
  return numberPaths.map((path) => ({ ...pathRule(path, null), numbers: true }));
}

/**
 * A rule of `clear_fields` or `hash_fields`. What is to be hashed is hashed with all that is in it: a header's value, which is
 * an array, would stay readable otherwise.
 */
export function fieldRule(path: string, treatment: 'clear' | 'hash'): PathRule {
  const endless = treatment === 'hash' || path.endsWith('.**');
  const numbers = treatment === 'hash';
  return { path, segments: segmentsOf(path), treatment, field: 0, origin: 'configuration', endless, numbers };
}

function segmentsOf(path: string): readonly PathSegment[] {
  const segments = parseJsonPath(path);
  if (segments === null) throw new Error(`Cannot read JSON path ${JSON.stringify(path)}`);
  return segments;
}

/** The treatment of a place where these rules end, and the rule that says so. */
function treatmentOf(ended: readonly PathRule[]): Pick<PathState, 'treatment' | 'rule'> {
  const table = ended.filter(({ origin }) => origin === 'table');
  const known = precedence.find((each) => table.some(({ treatment }) => treatment === each));
  const rule = table.find(({ treatment }) => treatment === known && treatment !== null) ?? null;
  const [closest] = ended.filter(({ origin }) => origin === 'configuration').sort(byDetail);
  if (closest === undefined) return { treatment: known ?? 'hash', rule };
  if (closest.treatment === 'clear')
    return known === 'hash' || known === 'token'
      ? { treatment: known, rule }
      : { treatment: 'clear', rule: closest };
  // On every device, whatever it says of accessors; but there is nothing to hide in an empty one.
  const treatment = known === 'token' || known === 'accessor' ? 'token' : 'hash';
  return { treatment, rule: closest };
}

const readable: readonly Treatment[] = ['clear', 'text', 'url'];

function numbersOf(
  ended: readonly PathRule[],
  treatment: Treatment,
  { numbers }: Profile,
): PathState['numbers'] {
  if (readable.includes(treatment)) return 'stay';
  if (numbers === 'unreadable') return 'hashed';
  return ended.some((rule) => rule.numbers) ? 'asked' : 'stay';
}

/**
 * Orders rules that apply to one place: first that which says more of it, at the first step, from the record on, at which they
 * differ. Of two that say the same, that which hashes.
 */
function byDetail(one: PathRule, other: PathRule): number {
  for (let at = 0; ; at++) {
    const detail = detailOf(one.segments[at]);
    const difference = detailOf(other.segments[at]) - detail;
    if (difference !== 0) return difference;
    if (detail === 0) return one.treatment === other.treatment ? 0 : one.treatment === 'hash' ? -1 : 1;
  }
}

function detailOf(segment: PathSegment | undefined): number {
  if (segment === undefined || segment.kind === 'rest') return 0;
  return segment.kind === 'prefix' ? 1 + segment.prefix.length : Number.MAX_SAFE_INTEGER;
}

/** How far a record's path has come along a rule. */
interface Progress {
  readonly rule: number;
  readonly at: number;
}

/** Where rules go on from a place: each step is found without a look at all of the rules, of which there may be thousands. */
class StepsOn {
  readonly names = new Map<string, Progress[]>();
  readonly prefixes = new Map<string, Progress[]>();
  readonly #elements: Progress[] = [];
  /** Rules that go on whatever the step is. */
  readonly #always: Progress[] = [];
  /** Of `prefixes`. */
  readonly #lengths = new Set<number>();

  constructor(places: readonly Progress[], rules: readonly PathRule[]) {
    for (const place of places) {
      const { segments, endless } = rules[place.rule]!;
      const segment = segments[place.at];
      const next = { rule: place.rule, at: place.at + 1 };
      // Everything below is still inside a rule that is endless.
      if (segment === undefined) {
        if (endless) this.#always.push(place);
      } else if (segment.kind === 'rest') this.#always.push(next);
      else if (segment.kind === 'elements') this.#elements.push(next);
      else if (segment.kind === 'name') add(this.names, segment.name, next);
      else {
        add(this.prefixes, segment.prefix, next);
        this.#lengths.add(segment.prefix.length);
      }
    }
  }

  toName(name: string): Progress[] {
    return inOrder([...(this.names.get(name) ?? []), ...this.#beginning(name), ...this.#always]);
  }

  /** To a name of which no more is known than how it begins. */
  toPrefix(prefix: string): Progress[] {
    return inOrder([...this.#beginning(prefix), ...this.#always]);
  }

  toElement(): Progress[] {
    return inOrder([...this.#elements, ...this.#always]);
  }

  toOther(): Progress[] {
    return inOrder(this.#always);
  }

  #beginning(name: string): Progress[] {
    const found: Progress[] = [];
    for (const length of this.#lengths) {
      if (length <= name.length) found.push(...(this.prefixes.get(name.slice(0, length)) ?? []));
    }
    return found;
  }
}

function add(steps: Map<string, Progress[]>, key: string, next: Progress): void {
  const before = steps.get(key);
  if (before === undefined) steps.set(key, [next]);
  else before.push(next);
}

/** Each rule is in one place at most, so that places are the same when they are in the same order. */
function inOrder(places: readonly Progress[]): Progress[] {
  return [...places].sort((one, other) => one.rule - other.rule);
}

/**
 * Turns rules into states: a scanner that goes from state to state follows all rules at once. `states[0]` is the record itself.
 */
export function pathStates(rules: readonly PathRule[], profile: Profile): readonly PathState[] {
  const states: PathState[] = [];
  const known = new Map<string, PathState>();

  function stateOf(places: readonly Progress[]): PathState {
    const key = places.map(({ rule, at }) => `${rule}:${at}`).join(' ');
    const before = known.get(key);
    if (before !== undefined) return before;
    const ended = places
      .filter(({ rule, at }) => at === rules[rule]!.segments.length)
      .map(({ rule }) => rules[rule]!);
    const { treatment, rule } = treatmentOf(ended);
    const state = {
      treatment,
      rule,
      numbers: numbersOf(ended, treatment, profile),
      field: Math.max(0, ...ended.map(({ field }) => field)),
      members: new Map<string, PathState>(),
      prefixes: [],
      uniform: false,
    } as unknown as PathState;
    known.set(key, state);
    states.push(state);

    const on = new StepsOn(places, rules);
    for (const name of on.names.keys()) state.members.set(name, stateOf(on.toName(name)));
    for (const prefix of [...on.prefixes.keys()].sort((a, b) => b.length - a.length)) {
      state.prefixes.push([prefix, stateOf(on.toPrefix(prefix))]);
    }
    state.other = stateOf(on.toOther());
    state.elements = stateOf(on.toElement());
    state.uniform =
      on.names.size === 0 && on.prefixes.size === 0 && state.other === state && state.elements === state;
    return state;
  }

  stateOf(rules.map((_, rule) => ({ rule, at: 0 })));
  return states;
}
