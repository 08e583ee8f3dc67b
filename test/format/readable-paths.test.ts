import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type ProfileName, profiles } from '../../format/profile.ts';
import { projectRoot } from '../support/project-root.ts';

const page = readFileSync(path.join(projectRoot, 'docs', 'formats.md'), 'utf8');

/** The paths that the table below a heading lists: names by what they are in. */
function listedUnder(heading: string): string[] {
  const section = page.split(`\n${heading}\n`)[1]!.split(/\n##+ /)[0]!;
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes('`'))
    .flatMap((line) => {
      const [parents, names] = line
        .split(' | ')
        .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((code) => code[1]!));
      if (parents!.length === 0) return names!;
      return parents!.flatMap((parent) => names!.map((name) => `${parent}.${name}`));
    });
}

const headings: Readonly<Record<ProfileName, string>> = {
  vault: '### Readable with the profile `vault`',
  api: '### Readable with the profile `api`',
};

for (const [name, heading] of Object.entries(headings)) {
  test(`docs/formats.md lists every path that stays readable with the profile ${name}, and no other`, () => {
    const readable = profiles[name as ProfileName].paths
      .filter(([, treatment]) => ['clear', 'text', 'url'].includes(treatment))
      .map(([readablePath]) => readablePath);
    assert.deepEqual(listedUnder(heading).sort(), readable.sort());
  });
}

test('docs/formats.md names the headers that are read as paths or URLs', () => {
  const line = page.split('\n').find((one) => one.includes('`content-location`'))!;
  for (const header of profiles.api.urlHeaders!) assert.ok(line.includes(`\`${header}\``), header);
});
