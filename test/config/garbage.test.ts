// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what a configuration may contain
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../config/load.ts';
import { projectRoot } from '../support/project-root.ts';

/** Reading must end in a configuration or in problems that have a place in the text. */
function assertJudged(text: string): void {
  const { config, problems } = parseConfig('f', text);
  assert.equal(config === null, problems.length > 0);
  const lines = text.split('\n').length;
  for (const problem of problems) {
    assert.ok(problem.line >= 1 && problem.line <= lines, JSON.stringify(problem));
    assert.ok(problem.column >= 1);
    assert.ok(problem.message !== '' && !problem.message.includes('\n') && !problem.message.endsWith('.'));
  }
}

const example = readFileSync(path.join(projectRoot, 'config/audit-sidecar.yaml'), 'utf8');
const lines = example.split('\n');
const snippets = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '- ',
  '"',
  "'",
  '&a ',
  '*a ',
  '!x ',
  '\n',
  '  ',
  '\t',
  '#',
  '|',
  '>',
  '? ',
  '~',
  '0640',
  'null',
  '${credential:',
  '%',
  '---\n',
  '<<: ',
  '\u0000',
  '__proto__: ',
];

test('garbage is refused in words, never with another exception', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), assertJudged), { numRuns: 500 });
  const pieces = fc.array(fc.constantFrom(...snippets, 'devices', 'a', '1'), { maxLength: 40 });
  fc.assert(
    fc.property(pieces, (parts) => assertJudged(parts.join(''))),
    { numRuns: 500 },
  );
});

test('a damaged example is refused in words or still makes sense', () => {
  const place = fc.nat(example.length);
  fc.assert(
    fc.property(place, fc.nat(12), fc.constantFrom('', ...snippets), (at, cut, put) => {
      assertJudged(example.slice(0, at) + put + example.slice(at + cut));
    }),
    { numRuns: 300 },
  );
  const row = fc.nat(lines.length - 1);
  fc.assert(
    fc.property(row, row, row, (dropped, from, to) => {
      const changed = lines.filter((_, index) => index !== dropped);
      changed.splice(to, 0, lines[from]!);
      assertJudged(changed.join('\n'));
    }),
    { numRuns: 200 },
  );
});

test('any JSON value is judged', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assertJudged(text);
      assertJudged(`{"devices": ${text}}`);
      assertJudged(`{"devices": {}, "limits": ${text}, "require": ${text}, "listeners": [${text}]}`);
    }),
    { numRuns: 300 },
  );
});
