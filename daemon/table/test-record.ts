import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Batch } from '../delivery/batch.ts';
import type { Lane } from '../delivery/lane.ts';
import { ownLines, testRecord } from '../delivery/own-records.ts';
import { resolveQuorum } from '../delivery/requirement.ts';

/** A device without a write timeout must not keep the caller for ever. */
const longestMs = 10_000;

/**
 * Has a device record one record of its own, as Vault and OpenBao do before they enable one: `null` when it did, or
 * why it did not.
 */
export async function writeTestRecord(lane: Lane, clock: Clock): Promise<string | null> {
  const records = [testRecord(randomUUID())];
  const lines = ownLines(records, lane.format, lane.maxLineBytes, clock.wallTime());
  let cancel = (): void => {};
  const outcome = await new Promise<string>((resolve) => {
    cancel = clock.setTimer(longestMs, () => resolve('late'));
    const quorum = resolveQuorum({ kind: 'any' }, [lane.path]);
    const batch = new Batch(1, clock.now(), quorum, true, (decided) => resolve(decided.outcome(0, 0)));
    lane.enqueue(batch, 0, lines);
  });
  cancel();
  if (outcome === 'recorded') return null;
  if (outcome === 'too_large') return 'its line is longer than the device can take';
  if (outcome === 'stopping') return 'the daemon is stopping';
  return lane.status().lastFailure?.message ?? 'it did not take the record in time';
}
