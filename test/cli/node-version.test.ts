import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { nodeFault } from '../../cli/node-version.ts';
import { projectRoot } from '../support/project-root.ts';
import { runCommand } from './command.ts';

test('a Node is too old exactly when package.json says so', () => {
  const { engines } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  assert.equal(engines.node, '>=20.19');
  for (const version of ['20.19.0', '20.19.1', '20.20.2', '21.0.0', '22.0.0', '24.21.0', '26.0.0-nightly1'])
    assert.equal(nodeFault(version), null, version);
  for (const version of ['16.20.2', '18.20.8', '19.9.0', '20.0.0', '20.18.3', '20.2.0', '8.0.0', '0.12.18'])
    assert.match(
      nodeFault(version)!,
      new RegExp(`^Cannot run on Node ${version.replaceAll('.', '\\.')}: wanted Node 20\\.19 or later`),
    );
});

test('on a Node that is too old every command says what is wanted, and does nothing', async (t) => {
  const simulated = `Object.defineProperty(process, 'versions', {value: {...process.versions, node: '18.20.8'}})`;
  const node = ['--import', `data:text/javascript,${encodeURIComponent(simulated)}`];
  for (const words of [['run'], ['--version'], ['send', '-']]) {
    const { code, stdout, stderr } = await runCommand(t, words, { node });
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^audit-sidecar: Cannot run on Node 18\.20\.8: wanted Node 20\.19 or later[^\n]*\n$/,
    );
  }
});

test('what is loaded before the version is known can be read by a Node of 2021', () => {
  const seen = new Set<string>();
  const read = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const program = parse(readFileSync(file, 'utf8'), {
      ecmaVersion: 2021,
      sourceType: 'module',
      allowHashBang: true,
    });
    for (const statement of program.body) {
      if (statement.type !== 'ImportDeclaration') continue;
      const name = String(statement.source.value);
      assert.ok(name.startsWith('.'), `"${name}" is imported before the version is known`);
      read(path.join(path.dirname(file), name));
    }
  };
  for (const file of ['start.cjs', 'thread-pool.cjs', 'main.js']) {
    read(fileURLToPath(new URL(`../../cli/${file}`, import.meta.url)));
  }
  assert.ok(seen.size > 3 && seen.size < 7, [...seen].join(' '));
});
