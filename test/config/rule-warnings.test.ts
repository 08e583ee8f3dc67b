import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../config/load.ts';
import { formatProblems } from '../../config/problem.ts';
import { ruleWarnings } from '../../config/rule-warnings.ts';

/** The warnings for rules that stand one a line from line 3 on. */
function warningsFor(...rules: readonly string[]): string[] {
  const text = `devices: {}\nrecords:\n${rules.map((rule) => `- ${rule}\n`).join('')}`;
  const { config, problems, source } = parseConfig('f', text);
  assert.deepEqual(problems, []);
  return ruleWarnings(config!.records, source).map((warning) => formatProblems([warning]));
}

/** Whether the second rule never applies. */
function isShadowed(earlier: string, later: string): boolean {
  return warningsFor(`{match: ${earlier}, level: none}`, `{match: ${later}, level: full}`).length > 0;
}

test('a rule that never applies is told with that which comes before it', () => {
  assert.deepEqual(
    warningsFor(
      '{match: {path: "/health*"}, level: none}',
      '{match: {path: /healthz, method: GET}, level: metadata}',
      '{level: full}',
      '{match: {path: /x}, level: full}',
      '{level: none}',
    ),
    [
      'f:4:3: records[1]: this rule never applies: records[0] comes before it and fits all that it fits',
      'f:6:3: records[3]: this rule never applies: records[2] comes before it and fits every record',
      'f:7:3: records[4]: this rule never applies: records[2] comes before it and fits every record',
    ],
  );
});

test('of many rules that never apply the first ten are told, and how many more there are', () => {
  const rules = Array.from({ length: 1000 }, () => '{level: full}');
  const warnings = warningsFor(...rules);
  assert.equal(warnings.length, 11);
  assert.equal(warnings[10], 'f:14:3: records[11]: 989 more, from this rule on, never apply');
  assert.equal(warningsFor(...rules.slice(0, 11)).length, 10);
});

test('a rule by which nothing is written at all is told', () => {
  assert.deepEqual(warningsFor('{level: none}'), [
    'f:3:3: records[0]: this rule leaves out every record: nothing is written',
  ]);
  assert.deepEqual(warningsFor('{level: metadata}'), []);
  assert.deepEqual(warningsFor('{match: {path: /orders}, level: full}', '{level: none}'), []);
});

test('a rule is wider that asks for less, and a text for less that has a star earlier', () => {
  for (const [earlier, later] of [
    ['{path: /a}', '{path: /a}'],
    ['{path: "/a*"}', '{path: /a}'],
    ['{path: "*"}', '{path: "/a*"}'],
    ['{path: "/a*"}', '{path: "/ab*"}'],
    ['{path: [/b, "/a*"]}', '{path: [/a/c, /b, "/abc*"]}'],
    ['{path: "/a*"}', '{path: /ab, method: GET}'],
    ['{method: [GET, POST], path: /a}', '{path: /a, method: POST, tenant: x}'],
    ['{mount: kv}', '{mount: kv/}'],
    ['{namespace: "ns1/*"}', '{namespace: ns1}'],
  ]) {
    assert.ok(isShadowed(earlier!, later!), `${earlier} ${later}`);
  }
  for (const [earlier, later] of [
    ['{path: /a}', '{path: "/a*"}'],
    ['{path: /a}', '{path: [/a, /b]}'],
    ['{path: "/ab*"}', '{path: "/a*"}'],
    ['{path: /a, method: GET}', '{path: /a}'],
    ['{path: /a}', '{route: /a}'],
    ['{path: /a}', '{path: /A}'],
    ['{tenant: kv}', '{tenant: kv/}'],
    ['{namespace: "ns1*"}', '{namespace: "ns*"}'],
  ]) {
    assert.ok(!isShadowed(earlier!, later!), `${earlier} ${later}`);
  }
});
