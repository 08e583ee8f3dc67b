import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { failureReasons } from '../../devices/device.ts';
import { laneOptionTable } from '../../devices/lane-option-texts.ts';
import { lineOptionTable } from '../../devices/line-option-texts.ts';
import type { OptionTable } from '../../devices/option-table.ts';
import { deviceKinds } from '../../devices/registry.ts';
import { projectRoot } from '../support/project-root.ts';

const page = readFileSync(path.join(projectRoot, 'docs', 'devices.md'), 'utf8');

/** Sections by heading; what stands before the first has the empty heading. */
const sections: ReadonlyMap<string, string> = new Map(
  page.split(/^## /m).map((text, index) => {
    const end = text.indexOf('\n');
    return index === 0 ? ['', text] : [text.slice(0, end), text.slice(end)];
  }),
);

/** The cells of the rows whose first cell is code. */
function rows(section: string): string[][] {
  const lines = (sections.get(section) ?? '').split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) => line.slice(2, -2).split(' | '));
}

function declared(table: OptionTable): string[][] {
  return Object.entries(table).map(([name, option]) => {
    const byDefault = option.default === '' ? 'empty' : `\`${option.default}\``;
    const shown = option.required ? 'required' : option.default === null ? 'none' : byDefault;
    return [`\`${name}\``, shown, option.wanted, option.effect];
  });
}

const tables: [string, OptionTable][] = [
  ['Every device: delivery', laneOptionTable],
  ['Every device: the line', lineOptionTable],
  ...deviceKinds.map((kind): [string, OptionTable] => [kind.type, kind.options]),
];
for (const [heading, table] of tables) {
  test(`docs/devices.md says of "${heading}" what the code declares`, () => {
    assert.deepEqual(rows(heading), declared(table));
  });
}

test('docs/devices.md has no section of options that the code does not know', () => {
  assert.deepEqual(
    [...sections.keys()].filter((heading) => heading !== ''),
    tables.map(([heading]) => heading),
  );
});

test('docs/devices.md lists every reason of a failure', () => {
  const listed = rows('').map(([reason]) => reason);
  assert.deepEqual(
    listed,
    failureReasons.map((reason) => `\`${reason}\``),
  );
});
