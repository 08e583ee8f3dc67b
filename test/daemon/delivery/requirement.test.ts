import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Requirement } from '../../../config/config.ts';
import { Batch } from '../../../daemon/delivery/batch.ts';
import { resolveQuorum } from '../../../daemon/delivery/requirement.ts';

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
