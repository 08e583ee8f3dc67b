import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { auditSettings } from '../../client/frameworks/settings.ts';
import { settingsOf } from '../../client/options.ts';
import { DaemonProcess, patientFileDevice } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const page = readFileSync(path.join(projectRoot, 'docs/clients.md'), 'utf8');

test('the program on the page runs as it stands, and prints what the page says', async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, { devices: { 'file/': patientFileDevice } });
  const program = /```js\n(.*?)```/s.exec(page)![1]!;
  const printed = /```console\n(.*?)```/s.exec(page)![1]!;
  // A module finds packages from where it lies.
  const client = pathToFileURL(path.join(projectRoot, 'dist/client/index.js')).href;
  writeFileSync(path.join(folder, 'program.mjs'), program.replace("'audit-sidecar/client'", `'${client}'`));
  const { stdout, stderr } = spawnSync(process.execPath, ['program.mjs'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(stdout, printed, stderr);
  assert.equal(daemon.lines('audit.log').length, 1);
});

test('the page lists every option with its default', () => {
  const { path: _path, ...defaults } = settingsOf('/a', {});
  for (const [option, value] of Object.entries(defaults)) {
    const row = new RegExp(`^\\| \`${option}\` \\| \`?'?([^\`'|]+)'?\`? \\|`, 'm').exec(page);
    assert.equal(row?.[1]?.trim().replace(',', ''), String(value), option);
  }
});

test('the page lists every option of servers with its default', () => {
  const { onError: _onError, ...defaults } = auditSettings({});
  for (const [option, value] of Object.entries(defaults)) {
    const row = new RegExp(`^\\| \`${option}\` \\| \`?\\[?'?([^\`'\\]|]*)'?\\]?\`? \\|`, 'm').exec(page);
    assert.equal(row?.[1]?.trim().replace(',', ''), String(value), option);
  }
  assert.throws(
    () => auditSettings({ none: 1 } as never),
    ({ message }: Error) => {
      const names = message.slice(message.indexOf('there are ') + 'there are '.length).split(', ');
      for (const name of names) assert.match(page, new RegExp(`^\\| \`${name}[(\`]`, 'm'), name);
      return names.length > 10;
    },
  );
});
