import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Requirement } from '../../../config/config.ts';
import { Batch, type Outcome } from '../../../daemon/delivery/batch.ts';
import { type LaneState, laneStates, takesRecords } from '../../../daemon/delivery/lane-status.ts';
import { isMet, resolveQuorum, troubleOf, whyUnmet } from '../../../daemon/delivery/requirement.ts';
import { laneStatus } from '../../support/lane-status.ts';

/** Which devices of a/, b/ and c/ record (the others are late), and whether that is enough. */
const table: readonly [Requirement, readonly string[], string, boolean][] = [
  [{ kind: 'any' }, ['a/', 'b/', 'c/'], '', false],
  [{ kind: 'any' }, ['a/', 'b/', 'c/'], 'c/', true],
  [{ kind: 'all' }, ['a/', 'b/', 'c/'], 'a/ b/', false],
  [{ kind: 'all' }, ['a/', 'b/', 'c/'], 'a/ b/ c/', true],
  [{ kind: 'all' }, ['a/'], 'a/', true],
  [{ kind: 'count', count: 2 }, ['a/', 'b/', 'c/'], 'b/', false],
  [{ kind: 'count', count: 2 }, ['a/', 'b/', 'c/'], 'b/ c/', true],
  [{ kind: 'count', count: 2 }, ['a/'], 'a/', false],
  [{ kind: 'devices', paths: ['a/', 'b/'] }, ['a/', 'b/', 'c/'], 'a/ c/', false],
  [{ kind: 'devices', paths: ['a/', 'b/'] }, ['a/', 'b/', 'c/'], 'a/ b/', true],
  [{ kind: 'devices', paths: ['a/', 'b/'] }, ['a/', 'c/'], 'a/ c/', false],
];

for (const [requirement, enabled, recording, wanted] of table) {
  const asked = JSON.stringify(requirement);
  test(`${asked} of ${enabled.join(' ')} with "${recording}" recorded is ${wanted ? 'met' : 'not met'}`, () => {
    let decided = 0;
    const batch = new Batch(1, 0, resolveQuorum(requirement, enabled), false, () => decided++);
    for (const [slot, path] of enabled.entries()) {
      batch.settle(slot, 0, 1, recording.split(' ').includes(path) ? 'recorded' : 'late');
    }
    assert.equal(decided, 1);
    assert.equal(batch.ok(0), wanted);
    assert.equal(batch.failures, wanted ? 0 : 1);
  });
}

test('a device that leaves a record out is no chance for it, and is not needed where all are', () => {
  const ok = (requirement: Requirement, outcomes: readonly Outcome[]): boolean => {
    const paths = outcomes.map((_, slot) => `${slot}/`);
    const batch = new Batch(2, 0, resolveQuorum(requirement, paths), false, () => {});
    // The other record of the batch is wanted everywhere.
    for (const [slot, outcome] of outcomes.entries()) {
      batch.settle(slot, 0, 1, outcome);
      batch.settle(slot, 1, 2, 'recorded');
    }
    assert.equal(batch.ok(1), true);
    return batch.ok(0);
  };
  assert.equal(ok({ kind: 'any' }, ['filtered', 'recorded']), true);
  assert.equal(ok({ kind: 'any' }, ['filtered', 'late']), false);
  assert.equal(ok({ kind: 'all' }, ['filtered', 'recorded', 'recorded']), true);
  assert.equal(ok({ kind: 'all' }, ['recorded', 'recorded', 'filtered']), true);
  assert.equal(ok({ kind: 'all' }, ['filtered', 'recorded', 'late']), false);
  assert.equal(ok({ kind: 'all' }, ['filtered', 'filtered']), true, 'nobody wants it');
  assert.equal(ok({ kind: 'count', count: 2 }, ['filtered', 'recorded', 'recorded']), true);
  assert.equal(ok({ kind: 'count', count: 2 }, ['filtered', 'recorded']), false);
  assert.equal(ok({ kind: 'devices', paths: ['0/', '1/'] }, ['filtered', 'recorded']), false);
});

test('for the same devices, readiness, room and the verdict on a record agree', () => {
  const kinds = fc.oneof(
    fc.constantFrom<Requirement>({ kind: 'any' }, { kind: 'all' }),
    fc.integer({ min: 1, max: 4 }).map((count): Requirement => ({ kind: 'count', count })),
    fc
      .subarray(['0/', '1/', '2/', '3/'], { minLength: 1 })
      .map((paths): Requirement => ({ kind: 'devices', paths })),
  );
  const states = fc.array(fc.constantFrom(...laneStates.filter((state) => state !== 'disabled')), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(kinds, states, (requirement, drawn) => {
      const lanes = drawn.map((state, slot) => laneStatus({ path: `${slot}/`, state }));
      const quorum = resolveQuorum(
        requirement,
        lanes.map(({ path }) => path),
      );
      const works = (slot: number): boolean => takesRecords(drawn[slot]!);
      const batch = new Batch(1, 0, quorum, false, () => {});
      for (const slot of drawn.keys()) batch.settle(slot, 0, 1, works(slot) ? 'recorded' : 'late');
      assert.equal(isMet(quorum, works), batch.ok(0));
      assert.equal(whyUnmet(requirement, lanes) === null, batch.ok(0));
    }),
  );
});

test('why a policy cannot be met is told with the devices it needs and what they do', () => {
  const why = (requirement: Requirement, states: Record<string, LaneState>): string | null =>
    whyUnmet(
      requirement,
      Object.entries(states).map(([path, state]) => laneStatus({ path, state })),
    );
  const two = { kind: 'count', count: 2 } as const;
  const named = { kind: 'devices', paths: ['a/', 'b/'] } as const;
  assert.equal(why({ kind: 'any' }, {}), 'no device is enabled');
  assert.equal(why({ kind: 'all' }, {}), 'no device is enabled');
  assert.equal(
    why({ kind: 'any' }, { 'a/': 'blocked', 'b/': 'failing' }),
    'no device takes records: "a/" is blocked; "b/" is failing',
  );
  assert.equal(
    why({ kind: 'all' }, { 'a/': 'ok', 'b/': 'blocked' }),
    'all devices are required: "b/" is blocked',
  );
  assert.equal(why(two, { 'a/': 'slow' }), '2 devices are required and 1 take records: 1 enabled');
  assert.equal(
    why(two, { 'a/': 'ok', 'b/': 'blocked' }),
    '2 devices are required and 1 take records: "b/" is blocked',
  );
  assert.equal(
    why(named, { 'a/': 'failing', 'c/': 'failing' }),
    'required devices do not take records: "b/" is not enabled; "a/" is failing',
  );
  assert.equal(
    why(named, { 'a/': 'ok', 'c/': 'failing' }),
    'required devices do not take records: "b/" is not enabled',
  );
  assert.equal(why(named, { 'a/': 'slow', 'b/': 'ok', 'c/': 'failing' }), null);
});

test('a failing device is named with the reason of its last failure, any other without', () => {
  const lastFailure = { reason: 'refused', message: 'Cannot connect', at: 0 } as const;
  assert.equal(troubleOf({ state: 'failing', lastFailure }), 'is failing (refused)');
  assert.equal(troubleOf({ state: 'blocked', lastFailure }), 'is blocked');
  assert.equal(troubleOf({ state: 'failing', lastFailure: null }), 'is failing');
});

test('what is said of many devices with long paths is as short as what is said of a few', () => {
  const long = 'x'.repeat(50_000);
  const paths = Array.from({ length: 1_000 }, (_, index) => `${index}${long}/`);
  const failing = paths.map((path) => laneStatus({ path, state: 'blocked' }));
  const requirements: Requirement[] = [
    { kind: 'any' },
    { kind: 'all' },
    { kind: 'count', count: 2 },
    { kind: 'devices', paths },
    { kind: 'devices', paths: paths.map((path) => `gone-${path}`) },
  ];
  for (const requirement of requirements) {
    const why = whyUnmet(requirement, failing)!;
    assert.ok(why.length < 1_000, `${requirement.kind}: ${why.length}`);
    assert.match(why, /x…x+\/".* and 997 more$/);
  }
});
