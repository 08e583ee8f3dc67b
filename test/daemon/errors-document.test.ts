import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dropReasons } from '../../daemon/delivery/lane-status.ts';
import { refusalCodes } from '../../daemon/ingest/refusals.ts';
import { failureReasons } from '../../devices/device.ts';
import { projectRoot } from '../support/project-root.ts';

const text = readFileSync(path.join(projectRoot, 'docs/errors.md'), 'utf8');

/** The first column of the table under a heading. */
function documented(heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, heading);
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
}

for (const [heading, codes] of [
  ['Reply codes', refusalCodes],
  ['Failure reasons', failureReasons],
  ['Drop reasons', dropReasons],
] as const) {
  test(`docs/errors.md lists every one of the ${heading.toLowerCase()}, and no other`, () => {
    assert.deepEqual(documented(heading).sort(), [...codes].sort());
  });
}
