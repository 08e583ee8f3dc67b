import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { explainRefusal } from '../../../daemon/service/refusal-text.ts';
import { projectRoot } from '../../support/project-root.ts';

/** Every class that a start, a reload or a change of the daemon may be refused with. */
async function refusals(): Promise<Map<string, new (detail: unknown) => Error>> {
  const found = new Map<string, new (detail: unknown) => Error>();
  for (const room of ['format', 'config', 'devices', 'daemon']) {
    for (const file of readdirSync(path.join(projectRoot, room), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const source = readFileSync(path.join(projectRoot, room, file), 'utf8');
      const names = [...source.matchAll(/^export (?:abstract )?class (\w+)/gm)].map(([, name]) => name!);
      for (const name of names.filter((each) => each.endsWith('Refused') && each !== 'Refused')) {
        const compiled = path.join(projectRoot, 'dist', room, file.replace(/\.ts$/, '.js'));
        found.set(name, (await import(pathToFileURL(compiled).href))[name]);
      }
    }
  }
  return found;
}

test('every refusal is told in its own words', async () => {
  const classes = await refusals();
  for (const name of ['AccessRefused', 'ConfigRefused', 'OptionsRefused', 'PolicyRefused', 'SaltRefused']) {
    assert.ok(classes.has(name), name);
  }
  assert.ok(classes.size >= 11, [...classes.keys()].join(' '));
  for (const [name, Class] of classes) {
    const words = `Cannot do it: ${name} says why`;
    // Those that carry problems take a list of them.
    const problem = { file: 'f', line: 1, column: 1, key: '', option: 'o', entry: 'e', message: words };
    const shown = [words, [problem]].map((detail) => {
      try {
        return explainRefusal(new Class(detail));
      } catch {
        return '';
      }
    });
    assert.ok(
      shown.some((text) => text.endsWith(words)),
      `${name} is told as ${shown}`,
    );
  }
});

test('of any other error only the kind is told: its message may quote a record', () => {
  assert.equal(explainRefusal(new TypeError('s.secret')), 'internal error (TypeError)');
  assert.equal(explainRefusal('s.secret'), 'internal error (string)');
  assert.equal(
    explainRefusal(Object.assign(new Error('s.secret'), { code: 'EIO' })),
    'internal error (Error)',
  );
});
