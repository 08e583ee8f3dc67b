import { type PathSegment, parseJsonPath } from '../json-path.ts';
import type { LineOptions, RecordPolicy } from '../line-options.ts';
import { profiles } from '../profile.ts';
import type { CanaryPosition, CanaryStep } from './canary-positions.ts';

// What the policy promises, as its documents say it: path against path, without the states that the kernel's tables are made of. Where two
// fields of the configuration contradict each other, nothing is promised here.

/** Hashed on every device, whatever the configuration says. */
const tokens: readonly string[] = [
  ...['auth.client_token', 'request.client_token', 'response.auth.client_token', 'response.wrap_info.token'],
];

const accessors: readonly string[] = [
  ...['auth.accessor', 'request.client_token_accessor', 'response.auth.accessor'],
  ...['response.wrap_info.accessor', 'response.wrap_info.wrapped_accessor'],
];

/** What is said of a place, whatever the device. */
interface KnownPlace {
  readonly path: string;
  readonly isClear: boolean;
  readonly isHash: boolean;
  readonly isReadable: boolean;
}

/** Says where no line of a device may have what a record has there. */
export class Promises {
  readonly #policy: RecordPolicy;
  readonly #readable: readonly (readonly PathSegment[])[];
  readonly #clear: readonly (readonly PathSegment[])[];
  readonly #hash: readonly (readonly PathSegment[])[];

  readonly #known = new Map<readonly CanaryStep[], KnownPlace>();

  constructor(policy: RecordPolicy) {
    this.#policy = policy;
    const open = profiles[policy.profile].paths.filter(
      ([, is]) => is === 'clear' || is === 'text' || is === 'url',
    );
    this.#readable = segmentsOf(open.map(([path]) => path));
    this.#clear = segmentsOf(policy.clearFields);
    this.#hash = segmentsOf(
      policy.hashFields.flatMap((path) => [path, path.endsWith('.**') ? path : `${path}.**`]),
    );
  }

  mustBeHidden({ steps, kind }: CanaryPosition, options: LineOptions): boolean {
    if (steps[0] === 'request' && steps[1] === 'headers' && steps.length > 2)
      return this.#isHiddenHeader(steps, kind, options);
    if (options.logRaw) return false;
    const { path, isClear, isHash, isReadable } = this.#knownOf(steps);
    if (kind === 'text' && tokens.includes(path)) return true;
    if (accessors.includes(path) && kind === 'text') return options.hmacAccessor && !isClear;
    const isSecret = !isClear && (isHash || !isReadable);
    if (kind === 'query') return isSecret || (this.#policy.profile === 'api' && !isClear);
    return kind === 'text' ? isSecret : isSecret && this.#hashesNumber(steps, isHash, options);
  }

  #knownOf(steps: readonly CanaryStep[]): KnownPlace {
    const before = this.#known.get(steps);
    if (before !== undefined) return before;
    const known = {
      path: steps.join('.'),
      isClear: isIn(this.#clear, steps),
      isHash: isIn(this.#hash, steps),
      isReadable: isIn(this.#readable, steps),
    };
    this.#known.set(steps, known);
    return known;
  }

  #hashesNumber(steps: readonly CanaryStep[], isHash: boolean, { hashNumbers }: LineOptions): boolean {
    if (hashNumbers === false) return false;
    if (this.#policy.profile === 'api') return true;
    const place = `${steps[0]}.${steps[1]}`;
    return (
      hashNumbers === true && (isHash || ['request.data', 'response.data', 'request.query'].includes(place))
    );
  }

  #isHiddenHeader(steps: readonly CanaryStep[], kind: CanaryPosition['kind'], options: LineOptions): boolean {
    const header = this.#policy.auditedHeaders.get(`${steps[2]}`);
    if (header === undefined) return true;
    const isApi = this.#policy.profile === 'api';
    if (header.hmac) return kind === 'text' || isApi;
    if (kind === 'number' || options.logRaw) return false;
    // Texts in a list are what an audited header has; the profile `api` takes a text alone, too.
    const isText = steps.length === 3;
    const isElement = steps.length === 4 && steps[3] === null;
    return !(isElement || (isApi && isText));
  }
}

function segmentsOf(paths: readonly string[]): (readonly PathSegment[])[] {
  return paths.flatMap((path) => {
    const segments = parseJsonPath(path);
    return segments === null ? [] : [segments];
  });
}

function isIn(paths: readonly (readonly PathSegment[])[], steps: readonly CanaryStep[]): boolean {
  return paths.some((segments) => leadsTo(segments, steps));
}

function leadsTo(segments: readonly PathSegment[], steps: readonly CanaryStep[]): boolean {
  for (const [index, segment] of segments.entries()) {
    const step = steps[index];
    if (step === undefined) return false;
    if (segment.kind === 'rest') return true;
    if (segment.kind === 'elements' ? step !== null : step === null) return false;
    if (segment.kind === 'name' && segment.name !== step) return false;
    if (segment.kind === 'prefix' && !step!.startsWith(segment.prefix)) return false;
  }
  return segments.length === steps.length;
}
