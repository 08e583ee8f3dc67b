import {
  ADDED_ACCESSOR,
  ADDED_TOKEN,
  DROPPED,
  ELIDED,
  HASHED_PART,
  LONE_SURROGATE,
  RENAMED,
  UNDECIDED,
} from '../kernel/numbers/plan-kinds.ts';
import type { Formatter } from './formatter.ts';
import type { LineOptions } from './line-options.ts';
import { type PlannedStretch, plannedStretches } from './planned-stretches.ts';
import { type Place, pathText, type Step, walkRecord } from './record-walk.ts';
import type { RecordOrigin, RuleNames } from './rule-names.ts';
import { KernelBatch, recordStatus } from './scanned-batch.ts';

/**
 * What becomes of a value in a line: `parts hashed`: what is secret in a URL is hashed and the rest stays; `elided`: a list becomes its
 * element count; `added`: the record has no such value, and the line has.
 */
export type Fate = 'hashed' | 'parts hashed' | 'readable' | 'dropped' | 'elided' | 'added';

/** A string or number of a record, or a list or member that is gone as a whole. */
export interface ExplainedPlace {
  readonly path: string;
  readonly fate: Fate;
  /** Which rule says so. */
  readonly rule: string;
  /** What is readable, as JSON; `null` for all else. */
  readonly value: string | null;
}

/** What becomes of a record: it is not valid, it is written nowhere, or each device writes a line. */
export type Explanation =
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unaudited'; readonly rule: string }
  | { readonly kind: 'kept'; readonly lines: readonly (readonly ExplainedPlace[])[] };

/**
 * Says what would be written of a record by devices with these options, a list of places each. It is what the formatter's kernel plans
 * for these very bytes; only the names of rules are looked up beside it.
 */
export function explainRecord(
  formatter: Formatter,
  names: RuleNames,
  record: Buffer,
  devices: readonly LineOptions[],
): Explanation {
  const batch = formatter.scan([record], 'apply', 0);
  if (!(batch instanceof KernelBatch)) throw new TypeError('Cannot explain record: it is in no kernel');
  try {
    const [status] = batch.statuses;
    if (status === recordStatus.invalid) {
      const { message, offset } = batch.problem(0);
      return { kind: 'refused', message: `${message} at byte ${offset}` };
    }
    const rule = batch.ruleOf(0);
    if (status !== recordStatus.kept)
      return { kind: 'unaudited', rule: rule === null ? 'unaudited_paths' : names.ofLevel(rule) };
    const origin = { mount: mountOf(record), rule };
    const lines = devices.map((options) =>
      explainLine(record, plannedStretches(batch, 0, options), names, options, origin),
    );
    return { kind: 'kept', lines };
  } finally {
    batch.release();
  }
}

function explainLine(
  record: Buffer,
  stretches: readonly PlannedStretch[],
  names: RuleNames,
  options: LineOptions,
  origin: RecordOrigin,
): ExplainedPlace[] {
  const counted = stretches.filter(({ counts }) => counts);
  const drops = counted.filter(({ kind }) => kind === DROPPED);
  const elisions = new Map(counted.filter(({ kind }) => kind === ELIDED).map((each) => [each.at, each]));
  const added = counted.filter(({ kind }) => kind === ADDED_TOKEN || kind === ADDED_ACCESSOR);
  const values = stretches.filter(({ kind }) => !ofContainers.has(kind));
  const places: ExplainedPlace[] = [];
  const add = (steps: readonly Step[], fate: Fate, rule: string, value: string | null = null): void => {
    places.push({ path: pathText(steps), fate, rule, value });
  };
  const addAdded = (before: number): void => {
    for (; added.length > 0 && added[0]!.at < before; added.shift()) {
      const name = added[0]!.kind === ADDED_TOKEN ? 'token' : 'accessor';
      add(['response', 'wrap_info', name], 'added', 'the hash of an empty text, as OpenBao writes it');
    }
  };
  let hasTime = false;
  /** What begins before it is gone. */
  let goneTo = 0;
  let [drop, value] = [0, 0];
  let droppedDepth = 0;
  for (const place of walkRecord(record)) {
    const { steps } = place;
    if (steps.length === 1 && steps[0] === 'time') hasTime = true;
    addAdded(place.from);
    while (drop < drops.length && endOf(drops[drop]!) <= place.from) drop++;
    if (drop < drops.length && drops[drop]!.at <= place.from) {
      // Members beside each other may be dropped in one stretch.
      if (place.from >= goneTo) droppedDepth = steps.length;
      goneTo = endOf(drops[drop]!);
      if (steps.length === droppedDepth) add(steps, 'dropped', names.ofDropped(steps, origin));
      continue;
    }
    if (place.from < goneTo) continue;
    const elision = elisions.get(place.at);
    if (elision !== undefined) {
      goneTo = endOf(elision);
      add(steps, 'elided', 'elide_list_responses: true');
      continue;
    }
    if (place.kind !== 'string' && place.kind !== 'number') continue;
    while (value < values.length && values[value]!.at < place.at) value++;
    const planned: PlannedStretch[] = [];
    for (; value < values.length && values[value]!.at < place.end; value++) planned.push(values[value]!);
    const known = { steps, isNumber: place.kind === 'number', isEmpty: place.end - place.at === 2 };
    const hashed = planned.find(({ kind, counts }) => counts && kind !== LONE_SURROGATE);
    if (hashed === undefined) {
      const kind = planned.find(({ at }) => at === place.at)?.kind ?? null;
      const rule = names.ofReadable({ ...known, kind }, options, origin);
      add(steps, 'readable', rule, record.toString('utf8', place.at, place.end));
    } else {
      const fate = hashed.kind === HASHED_PART ? 'parts hashed' : 'hashed';
      add(steps, fate, names.ofHashed({ ...known, kind: hashed.kind }));
    }
  }
  addAdded(Number.POSITIVE_INFINITY);
  if (hasTime) return places;
  return [{ path: 'time', fate: 'added', rule: 'the time of arrival', value: null }, ...places];
}

/** Kinds of entries that are of no single string or number. */
const ofContainers: ReadonlySet<number> = new Set([
  ...[DROPPED, RENAMED, ELIDED, ADDED_TOKEN, ADDED_ACCESSOR, UNDECIDED],
]);

function endOf({ at, length }: PlannedStretch): number {
  return at + length;
}

/** The mount with its namespace. For the names of rules only: the kernel reads it itself. */
function mountOf(record: Buffer): string {
  const found: Record<string, string> = {};
  for (const place of walkRecord(record)) {
    if (place.steps[0] !== 'request' || place.kind !== 'string') continue;
    const path = pathText(place.steps);
    if (path === 'request.namespace.path' || path === 'request.mount_point') {
      found[path] = textAt(record, place);
    }
  }
  const { 'request.namespace.path': path = '', 'request.mount_point': mount = '' } = found;
  const namespace = path === '' || path.endsWith('/') ? path : `${path}/`;
  const isWhole = mount.length > namespace.length && mount.startsWith(namespace);
  return isWhole ? mount : namespace + mount;
}

function textAt(record: Buffer, { at, end }: Place): string {
  return JSON.parse(record.toString('utf8', at, end)) as string;
}
