import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldRule, type PathRule, pathStates } from '../../format/path-states.ts';
import { profiles } from '../../format/profile.ts';

/** How often rules are looked at to turn so many paths into states. */
function looks(count: number, pathOf: (number: number) => string): number {
  let found = 0;
  const rules = Array.from({ length: count }, (_, number): PathRule => {
    const rule = fieldRule(pathOf(number), 'clear');
    return {
      ...rule,
      get segments() {
        found++;
        return rule.segments;
      },
    };
  });
  assert.ok(pathStates(rules, profiles.vault).length > 1);
  return found;
}

test('many paths are turned into states without a look at all of them for each', () => {
  for (const shape of [
    'request.data.f#',
    'request.data.f#*',
    'request.data.f#.**',
    'request.data.f#[]',
    'k#.v#.w',
    '#*',
  ]) {
    const pathOf = (number: number): string => shape.replaceAll('#', `${number}`);
    const [few, many] = [looks(100, pathOf), looks(800, pathOf)];
    assert.ok(few >= 100, shape);
    assert.ok(many < 20 * few, `${shape}: ${few} looks for 100, ${many} for 800`);
  }
});
