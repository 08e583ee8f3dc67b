import type { RecordPolicy } from './line-options.ts';
import { fieldRule, numberRules, type PathState, pathRule, pathStates } from './path-states.ts';
import { profiles } from './profile.ts';
import { readFields, ruleFields } from './read-fields.ts';

/** What the policy says of every place in a record; the first is the record itself. */
export function policyStates(policy: RecordPolicy): readonly PathState[] {
  const { clearFields, hashFields } = policy;
  const profile = profiles[policy.profile];
  const rules = [
    ...profile.paths.map(([path, treatment]) => pathRule(path, treatment)),
    ...numberRules(),
    ...readFields
      .filter(([path]) => isRead(path, policy))
      .map(([path, field]) => pathRule(path, null, field)),
    ...clearFields.map((path) => fieldRule(path, 'clear')),
    ...hashFields.map((path) => fieldRule(path, 'hash')),
  ];
  return pathStates(rules, profile);
}

function isRead(path: string, { ownTypes, rules }: RecordPolicy): boolean {
  if (path === 'type') return !ownTypes;
  const asked = ruleFields.get(path);
  return asked === undefined || rules.some(({ match }) => match.has(asked));
}
