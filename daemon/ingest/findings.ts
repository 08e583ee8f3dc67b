import { recordStatus, type ScannedBatch } from '../../format/formatter.ts';
import type { Batch } from '../delivery/batch.ts';
import type { Declined } from '../delivery/broker.ts';
import { type Refusal, refusals } from './refusals.ts';
import type { DeviceOutcomes, RecordName } from './replies.ts';
import type { Place } from './reply-order.ts';

const { invalid } = recordStatus;

/** What a scan found of records read together, kept until their replies are certain. */
export interface Findings {
  readonly place: Place;
  /** Per record: goes to the devices, is invalid, or is of a path that is not audited. */
  readonly statuses: Uint8Array;
  /** What is wrong with the invalid ones, by record. */
  readonly invalid: ReadonlyMap<number, Refusal>;
  /** Per record, for listeners that name it in the reply. */
  readonly names: readonly RecordName[] | null;
}

/** Reads what is needed later from a batch that is about to be released. */
export function findingsOf(place: Place, scanned: ScannedBatch, named: boolean): Findings {
  const { statuses } = scanned;
  const refused = new Map<number, Refusal>();
  for (
    let record = statuses.indexOf(invalid);
    record !== -1;
    record = statuses.indexOf(invalid, record + 1)
  ) {
    const { offset, message } = scanned.problem(record);
    refused.set(record, refusals.invalid_record(message, offset));
  }
  const names = named
    ? Array.from(statuses, (status, record) =>
        status === invalid ? { id: '', type: '' } : scanned.describe(record),
      )
    : null;
  return { place, statuses, invalid: refused, names };
}

/** What decides about the records that are to be recorded: the devices, the want of them, or that there are none. */
export type Verdict = Batch | Declined | 'nothing_kept';

export function satisfiesAll(verdict: Verdict): boolean {
  return typeof verdict === 'string' ? verdict === 'nothing_kept' : verdict.failures === 0;
}

export function outcomesOf(batch: Batch | null, record: number): DeviceOutcomes {
  return Object.fromEntries((batch?.paths ?? []).map((path, slot) => [path, batch!.outcome(slot, record)]));
}
