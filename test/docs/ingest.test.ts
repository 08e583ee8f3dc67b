import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { refusalCodes, refusalStatuses } from '../../daemon/ingest/refusals.ts';
import { DaemonProcess, patientFileDevice } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const page = readFileSync(path.join(projectRoot, 'docs', 'ingest.md'), 'utf8');

/** The commands of the page, each with what it prints there. */
const examples = [...page.matchAll(/```console\n\$ (.*)\n([\s\S]*?)```/g)].map((match) => ({
  command: match[1]!,
  output: match[2]!,
}));

const missing = ['curl', 'nc'].find(
  (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
);

test('the examples of docs/ingest.md print what stands there', {
  skip: missing === undefined ? false : `install ${missing}`,
}, async (t) => {
  assert.equal(examples.length, 4);
  const folder = temporaryDirectory(t);
  await DaemonProcess.start(t, folder, {
    devices: { 'file/': patientFileDevice },
    listeners: [
      { path: 'FOLDER/ingest.sock' },
      { path: 'FOLDER/ingest-devices.sock', replies: 'devices' },
      { http: { path: 'FOLDER/ingest-http.sock' } },
    ],
  });
  for (const { command, output } of examples) {
    assert.equal(execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' }), output, command);
  }
});

test('docs/ingest.md lists every code, and the status of each', () => {
  const codes = page.split(/^## /m).find((section) => section.startsWith('Codes\n'))!;
  const listed = [...codes.matchAll(/^\| `([a-z_]+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(listed, [...refusalCodes]);
  for (const [code, status] of Object.entries(refusalStatuses)) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${status} |`));
    assert.ok(row?.includes(`\`${code}\``), code);
  }
});
