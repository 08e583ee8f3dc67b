import { recordStatus } from '../../format/formatter.ts';
import { type Findings, outcomesOf, type Verdict } from './findings.ts';
import type { IngestCounters } from './ingest-counters.ts';
import type { Refusal } from './refusals.ts';
import { addReply, type Reply } from './replies.ts';

const { kept } = recordStatus;

/**
 * The replies to records read together, once they are certain, and counts them. `refusal`: why those that were to be
 * recorded are not; of a batch, those that it does not call ok.
 */
export function composedReplies(
  { statuses, invalid, names }: Findings,
  verdict: Verdict,
  refusal: Refusal | null,
  counters: IngestCounters,
): readonly Reply[] {
  const batch = typeof verdict === 'string' ? null : verdict;
  const replies: Reply[] = [];
  let submitted = 0;
  for (const [record, status] of statuses.entries()) {
    const problem = invalid.get(record);
    if (problem !== undefined) {
      counters.refused.invalid_record++;
      addReply(replies, problem);
      continue;
    }
    const sent = status === kept;
    const refused = sent && batch?.ok(submitted) !== true ? refusal : null;
    if (refused === null) counters.ok++;
    else counters.refused[refused.code]++;
    if (names === null) {
      addReply(replies, refused);
    } else {
      const devices = sent ? outcomesOf(batch, submitted) : {};
      replies.push({ kind: 'devices', records: 1, refusal: refused, name: names[record]!, devices });
    }
    if (sent) submitted++;
  }
  return replies;
}
