import { emptyRecordPolicy, type RecordPolicy } from '../../format/line-options.ts';
import { policyProblems } from '../../format/policy-check.ts';
import { AdminRefused } from './admin-control.ts';

/** Refuses what the formatter would not take, before it is stored: the next start would stumble over it. */
export function refuseUnusableEntry(entry: Partial<RecordPolicy>): void {
  const problem = policyProblems({ ...emptyRecordPolicy, ...entry })[0];
  if (problem !== undefined) throw new AdminRefused(problem.message);
}
