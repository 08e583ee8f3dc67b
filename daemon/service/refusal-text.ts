import { ConfigRefused } from '../../config/problem.ts';
import { SmallFileRefused } from '../../config/small-file.ts';
import { OptionsRefused } from '../../devices/device-kind.ts';
import { PolicyRefused } from '../../format/policy-refused.ts';
import { Refused } from '../refused.ts';

/** Refusals of the rooms below the daemon, which know nothing of it. */
const fromBelow = [ConfigRefused, OptionsRefused, PolicyRefused, SmallFileRefused] as const;

/** Why a start or reload did not happen, for the operator. An error of no known kind is told by its kind alone. */
export function explainRefusal(error: unknown): string {
  if (error instanceof Refused) return error.message;
  for (const refusal of fromBelow) if (error instanceof refusal) return error.message;
  return `internal error (${error instanceof Error ? error.name : typeof error})`;
}
