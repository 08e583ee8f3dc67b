import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Batch, type Outcome, outcomes } from '../../../daemon/delivery/batch.ts';
import { type Quorum, resolveQuorum } from '../../../daemon/delivery/requirement.ts';

const finals = outcomes.filter((outcome): outcome is Outcome => outcome !== 'pending');

/** One lane's call of `settle`. */
interface Settling {
  readonly slot: number;
  readonly from: number;
  readonly length: number;
  readonly outcome: Outcome;
}

const settling: fc.Arbitrary<Settling> = fc.record({
  slot: fc.nat(3),
  from: fc.nat(5),
  length: fc.nat(6),
  outcome: fc.constantFrom(...finals),
});

/** Whether the reply to a record is certain, by looking at every way it could still go. */
function verdict(lanes: readonly string[], quorum: Quorum): boolean | null {
  const counting = lanes.filter((_, slot) => quorum.qualifies[slot]);
  if (counting.length < quorum.need) return false;
  const filtered = counting.filter((outcome) => outcome === 'filtered').length;
  const need = quorum.need - (quorum.excusesFiltered ? filtered : 0);
  const recorded = counting.filter((outcome) => outcome === 'recorded').length;
  const pending = counting.filter((outcome) => outcome === 'pending').length;
  if (recorded >= need) return true;
  return recorded + pending < need ? false : null;
}

test('a batch decides when, and as, a table of all outcomes says', () => {
  const shape = fc.record({
    count: fc.integer({ min: 1, max: 6 }),
    qualifies: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
    need: fc.integer({ min: 1, max: 4 }),
    excusesFiltered: fc.boolean(),
    waitForAll: fc.boolean(),
  });
  fc.assert(
    fc.property(shape, fc.array(settling, { maxLength: 40 }), (drawn, settlings) => {
      const { count, qualifies, waitForAll } = drawn;
      const quorum = { ...drawn, paths: qualifies.map((_, slot) => `${slot}/`) };
      let told = 0;
      const batch = new Batch(count, 0, quorum, waitForAll, () => told++);
      const model = qualifies.map(() => Array.from({ length: count }, () => 'pending'));
      for (const { slot, from, length, outcome } of settlings) {
        if (slot >= qualifies.length) continue;
        const to = Math.min(count, from + length);
        for (let record = from; record < to; record++) {
          if (model[slot]![record] === 'pending') model[slot]![record] = outcome;
        }
        batch.settle(slot, from, to, outcome);
        const verdicts = Array.from({ length: count }, (_, record) =>
          verdict(
            model.map((lane) => lane[record]!),
            quorum,
          ),
        );
        const settledAll = model.every((lane) => !lane.includes('pending'));
        const certain = waitForAll ? settledAll : !verdicts.includes(null);
        assert.equal(told, certain ? 1 : 0);
        if (certain) {
          assert.deepEqual(
            verdicts,
            verdicts.map((_, record) => batch.ok(record)),
          );
          assert.equal(batch.failures, verdicts.filter((ok) => ok === false).length);
        }
        for (const [lane, row] of model.entries()) {
          for (const [record, wanted] of row.entries()) assert.equal(batch.outcome(lane, record), wanted);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a policy that cannot be met is decided without any lane, once the broker asks', () => {
  let told = 0;
  const quorum = resolveQuorum({ kind: 'count', count: 2 }, ['a/']);
  const batch = new Batch(3, 0, quorum, false, () => told++);
  batch.tellWhenDecided();
  assert.equal(told, 1);
  assert.equal(batch.failures, 3);
  batch.settle(0, 0, 3, 'recorded');
  assert.equal(told, 1, 'decided once');
  assert.equal(batch.ok(0), false);
});
