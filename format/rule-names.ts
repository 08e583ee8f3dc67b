import {
  ASKED_NUMBER,
  HASHED_ACCESSOR,
  HASHED_HEADER,
  HASHED_NUMBER,
  HASHED_TIMESTAMP,
} from '../kernel/numbers/plan-kinds.ts';
import type { LineOptions, RecordPolicy } from './line-options.ts';
import type { PathState } from './path-states.ts';
import { policyStates } from './policy-states.ts';
import type { Step } from './record-walk.ts';

/** What a record says of where it belongs, as far as names of rules depend on it. */
export interface RecordOrigin {
  /** Its mount, with its namespace; '' for none. */
  readonly mount: string;
  /** The rule that says how much of it is written, counted from 0; `null` for none. */
  readonly rule: number | null;
}

/** A string or number, and what the kernel has planned for it. */
export interface PlannedValue {
  readonly steps: readonly Step[];
  readonly isNumber: boolean;
  readonly isEmpty: boolean;
  /** The kind of its entry in the plan, whether it counts for the device or not; `null` without one. */
  readonly kind: number | null;
}

/** Names the rule by which the kernel has decided. It decides nothing itself. */
export class RuleNames {
  readonly #policy: RecordPolicy;
  readonly #root: PathState;

  constructor(policy: RecordPolicy) {
    this.#policy = policy;
    this.#root = policyStates(policy)[0]!;
  }

  /** Of a string or number that a device with these options hashes, whole or in parts. */
  ofHashed(value: PlannedValue): string {
    const { steps, kind } = value;
    if (isHeader(steps)) return this.#ofHeader(steps);
    if (kind === HASHED_HEADER) return 'this type is for lines of the daemon itself';
    if (kind === HASHED_TIMESTAMP) return 'hash_timestamps: true';
    if (kind === ASKED_NUMBER) return 'hash_numbers: true';
    return this.#ofPlace(steps);
  }

  /** Of one that the device leaves as it is. */
  ofReadable(value: PlannedValue, options: LineOptions, origin: RecordOrigin): string {
    const { steps, kind } = value;
    if (options.logRaw) return 'log_raw: true';
    if (kind === HASHED_TIMESTAMP) return 'hash_timestamps: false';
    if (kind === HASHED_ACCESSOR) return 'hmac_accessor: false';
    if (kind === HASHED_NUMBER) return 'hash_numbers: false';
    if (kind === ASKED_NUMBER) return 'hash_numbers is not set';
    if (isHeader(steps)) return this.#ofHeader(steps);
    const { treatment, numbers } = this.#at(steps);
    if (treatment === 'data' || treatment === 'values') {
      const key = this.#clearKey(steps, origin.mount);
      if (key !== null) return key;
    }
    if (value.isEmpty && (treatment === 'token' || treatment === 'accessor')) return 'it is empty';
    if (value.isNumber && numbers === 'stay' && !readable.has(treatment)) return 'numbers stay readable';
    return this.#ofPlace(steps);
  }

  /** Of a value that is left out with its name. */
  ofDropped(steps: readonly Step[], { rule }: RecordOrigin): string {
    return isHeader(steps) || rule === null ? 'audited_headers: not one of them' : this.ofLevel(rule);
  }

  /** Of the rule that says how much of a record is written. */
  ofLevel(rule: number): string {
    return `records[${rule}]: level ${this.#policy.rules[rule]?.level ?? 'full'}`;
  }

  #ofHeader(steps: readonly Step[]): string {
    const name = String(steps[2]).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    const header = this.#policy.auditedHeaders.get(name);
    const shown = JSON.stringify(name);
    return header?.hmac === true ? `audited_headers: ${shown} with hmac` : `audited_headers: ${shown}`;
  }

  #ofPlace(steps: readonly Step[]): string {
    const { rule } = this.#at(steps);
    if (rule === null) return `profile ${this.#policy.profile}: no readable path`;
    if (rule.origin === 'table') return `profile ${this.#policy.profile}: ${rule.path}`;
    return `${rule.treatment === 'clear' ? 'clear_fields' : 'hash_fields'}: ${rule.path}`;
  }

  #clearKey(steps: readonly Step[], mount: string): string | null {
    const name = steps.slice(2).findLast((step) => typeof step === 'string');
    const keys = this.#policy.mounts.get(mount);
    const which = steps[0] === 'request' ? 'requestKeys' : 'responseKeys';
    if (name === undefined || keys?.[which].includes(name) !== true) return null;
    const list = which === 'requestKeys' ? 'request_keys' : 'response_keys';
    return `mounts: ${JSON.stringify(mount)} ${list} ${JSON.stringify(name)}`;
  }

  #at(steps: readonly Step[]): PathState {
    let state = this.#root;
    for (const step of steps) {
      if (state.uniform) break;
      if (typeof step === 'number') state = state.elements;
      else
        state =
          state.members.get(step) ??
          state.prefixes.find(([prefix]) => step.startsWith(prefix))?.[1] ??
          state.other;
    }
    return state;
  }
}

const readable: ReadonlySet<string> = new Set(['clear', 'text', 'url']);

function isHeader(steps: readonly Step[]): boolean {
  return steps.length > 2 && steps[0] === 'request' && steps[1] === 'headers';
}
