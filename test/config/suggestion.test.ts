import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggest } from '../../config/suggestion.ts';

const known = ['state_dir', 'listeners', 'admin', 'metrics', 'devices', 'log', 'limits'];

test('a misspelt name brings up the one that was meant', () => {
  const cases: [string, string][] = [
    ['listners', 'listeners'],
    ['listenres', 'listeners'],
    ['state-dir', 'state_dir'],
    ['Devices', 'devices'],
    ['metric', 'metrics'],
    ['lgo', 'log'],
  ];
  for (const [found, expected] of cases) assert.equal(suggest(found, known), expected, found);
});

test('a name that is near nothing brings up nothing', () => {
  for (const found of ['', 'x', 'colour', 'retention', 'a'.repeat(100_000)]) {
    assert.equal(suggest(found, known), null);
  }
  assert.equal(suggest('listeners', []), null);
});
