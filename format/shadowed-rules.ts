import { type MatchedField, type RecordRule, wantedText } from './record-rules.ts';

/** A rule that never applies, because an earlier one applies to all that it matches. Both are counted from 0. */
export interface ShadowedRule {
  readonly rule: number;
  readonly by: number;
}

/** The rules that never apply, in their order, each with the first that takes everything from it. */
export function shadowedRules(rules: readonly RecordRule[]): readonly ShadowedRule[] {
  const wide = rules.map(({ match }) => [...match].map(([field, patterns]) => new Wanted(field, patterns)));
  return rules.flatMap((later, rule) => {
    const by = wide.slice(0, rule).findIndex((earlier) => earlier.every((wanted) => wanted.covers(later)));
    return by === -1 ? [] : [{ rule, by }];
  });
}

/** What a rule asks of a field, so that the patterns of other rules are soon compared with it. */
class Wanted {
  readonly #field: MatchedField;
  readonly #exact = new Set<string>();
  readonly #beginnings = new Set<string>();
  /** Of the beginnings, each once. */
  readonly #lengths = new Set<number>();

  constructor(field: MatchedField, patterns: readonly string[]) {
    this.#field = field;
    for (const pattern of patterns) {
      const { text, anyRest } = wantedText(field, pattern);
      if (!anyRest) this.#exact.add(text);
      else {
        this.#beginnings.add(text);
        this.#lengths.add(text.length);
      }
    }
  }

  /** Whether all that the rule matches has what is asked of this field. */
  covers({ match }: RecordRule): boolean {
    const patterns = match.get(this.#field);
    return patterns?.every((pattern) => this.#coversPattern(pattern)) ?? false;
  }

  #coversPattern(pattern: string): boolean {
    const { text, anyRest } = wantedText(this.#field, pattern);
    if (!anyRest && this.#exact.has(text)) return true;
    for (const length of this.#lengths) {
      if (length <= text.length && this.#beginnings.has(text.slice(0, length))) return true;
    }
    return false;
  }
}
