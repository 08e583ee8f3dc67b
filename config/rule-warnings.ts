import type { RecordRule } from '../format/record-rules.ts';
import { shadowedRules } from '../format/shadowed-rules.ts';
import type { ConfigProblem } from './config.ts';
import { keyOf } from './problem.ts';
import type { ConfigSource } from './source.ts';

/** The rules of `records` that never apply, at their places: nothing is wrong with them, but they are not what was meant. */
export function ruleWarnings(rules: readonly RecordRule[], source: ConfigSource): readonly ConfigProblem[] {
  return shadowedRules(rules).map(({ rule, by }) => {
    const fits = rules[by]!.match.size === 0 ? 'every record' : 'all that it fits';
    const message = `this rule never applies: ${keyOf(['records', by])} comes before it and fits ${fits}`;
    return source.problem(['records', rule], message);
  });
}
