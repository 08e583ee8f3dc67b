import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { command, DaemonProcess } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const text = readFileSync(path.join(projectRoot, 'docs/command-line.md'), 'utf8');

interface Example {
  readonly typed: string;
  readonly printed: string;
}

/** What stands behind `$ ` in blocks that are a console, with what is printed below it. */
const examples = [...text.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block]) =>
  block!
    .split(/^\$ /m)
    .slice(1)
    .map((part): Example => {
      const end = part.indexOf('\n');
      return { typed: part.slice(0, end), printed: part.slice(end + 1) };
    }),
);

/** `…` stands for anything. */
function asPattern(printed: string): RegExp {
  const escaped = printed.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^]*')}$`);
}

test('the examples of docs/command-line.md that change a daemon print what stands there', async (t) => {
  const folder = temporaryDirectory(t);
  await DaemonProcess.start(t, folder, {
    admin: { path: 'FOLDER/var/admin.sock', file_roots: ['FOLDER/var'] },
    devices: { 'file/': { type: 'file', options: { file_path: 'FOLDER/var/audit.log' } } },
  });
  assert.ok(examples.length >= 12);
  const programs = path.join(folder, 'bin');
  mkdirSync(programs);
  writeFileSync(
    path.join(programs, 'audit-sidecar'),
    `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`,
    { mode: 0o755 },
  );
  const env = { ...process.env, PATH: `${programs}:${process.env['PATH'] ?? ''}` };
  for (const { typed, printed } of examples) {
    // In the document the daemon runs where the commands are typed.
    const script = typed.replace('file_path=var/', `file_path=${folder}/var/`);
    const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${typed}: ${stderr}`);
    assert.match((stdout + stderr).replaceAll(`${folder}/var/`, 'var/'), asPattern(printed), typed);
  }
});
