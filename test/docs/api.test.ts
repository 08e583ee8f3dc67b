import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const page = readFileSync(path.join(projectRoot, 'docs', 'api.md'), 'utf8');

/** The commands of the page, each with the line that it prints there. */
const examples = [...page.matchAll(/^\$ (.*)\n(.*)$/gm)].map((match) => ({
  command: match[1]!,
  output: match[2]!,
}));

const missing = spawnSync('curl', ['--version']).status === 0 ? false : 'install curl';

/** Ids and hashes are other ones each time. */
function withoutChance(text: string): string {
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID').replace(/[0-9a-f]{64}/g, 'HASH');
}

test('the examples of docs/api.md print what stands there', { skip: missing }, async (t) => {
  assert.equal(examples.length, 14);
  const folder = temporaryDirectory(t);
  writeFileSync(path.join(folder, 'admin-token'), 'a-token-of-the-example\n', { mode: 0o600 });
  const daemon = await DaemonProcess.start(t, folder, {
    admin: {
      path: 'FOLDER/admin.sock',
      tcp: { address: '127.0.0.1:0', token_file: 'FOLDER/admin-token' },
      file_roots: ['FOLDER'],
    },
    devices: { 'file/': fileDevice },
  });
  const tcp = /admin address="?(127\.0\.0\.1:\d+)/.exec(daemon.log)![1]!;
  const here = (text: string): string =>
    text.replace(/\/(run|etc|var\/log)\/audit-sidecar/g, folder).replaceAll('127.0.0.1:8218', tcp);
  for (const { command, output } of examples) {
    const printed = execFileSync('sh', ['-c', here(command)], { cwd: folder, encoding: 'utf8' });
    assert.equal(withoutChance(printed), `${withoutChance(here(output))}\n`, command);
  }
});
