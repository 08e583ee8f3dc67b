import type { RecordRule } from '../format/record-rules.ts';
import { shadowedRules } from '../format/shadowed-rules.ts';
import type { ConfigProblem } from './config.ts';
import { keyOf } from './problem.ts';
import type { ConfigSource } from './source.ts';

/** Of a rule for every record that came to stand first, a few tell enough. */
const mostTold = 10;

/** The rules of `records` that can hardly be what was meant, at their places: they never apply, or nothing is written because of them. */
export function ruleWarnings(rules: readonly RecordRule[], source: ConfigSource): readonly ConfigProblem[] {
  const [first] = rules;
  const emptiesLog = first?.level === 'none' && first.match.size === 0;
  const silence = emptiesLog
    ? [source.problem(['records', 0], 'this rule leaves out every record: nothing is written')]
    : [];
  const shadowed = shadowedRules(rules);
  const never = shadowed.slice(0, mostTold).map(({ rule, by }) => {
    const fits = rules[by]!.match.size === 0 ? 'every record' : 'all that it fits';
    const message = `this rule never applies: ${keyOf(['records', by])} comes before it and fits ${fits}`;
    return source.problem(['records', rule], message);
  });
  const next = shadowed[mostTold];
  if (next === undefined) return [...silence, ...never];
  const more = `${(shadowed.length - mostTold).toLocaleString('en')} more, from this rule on, never apply`;
  return [...silence, ...never, source.problem(['records', next.rule], more)];
}
