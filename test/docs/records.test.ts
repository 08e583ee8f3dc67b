import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { fateOf, fullExample, leavesOf, memberAt } from '../client/record-examples.ts';
import { parsedLineOf } from '../format/line-of.ts';
import { type ConfigOverrides, command, DaemonProcess } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const page = readFileSync(path.join(projectRoot, 'docs/records.md'), 'utf8');
const shop = readFileSync(path.join(projectRoot, 'examples/shop.ndjson'), 'utf8');

const missing = ['nc', 'jq'].find((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);

function block(language: string): string {
  return new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(page)![1]!;
}

test('the record on the page is the first of the example', () => {
  assert.deepEqual(JSON.parse(block('json')), JSON.parse(shop.split('\n')[0]!));
});

test('the steps of docs/records.md print what stands there', {
  skip: missing === undefined ? false : `install ${missing}`,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const here = (text: string, place: string): string =>
    text.replace(/\/(run|var\/log)\/audit-sidecar/g, place);
  const configuration = parse(here(block('yaml'), 'FOLDER')) as {
    devices: { 'file/': { options: Record<string, unknown> } };
  };
  // The machine that tests may be busy.
  configuration.devices['file/'].options['write_timeout'] = '10m';
  await DaemonProcess.start(t, folder, configuration as ConfigOverrides);
  symlinkSync(path.join(projectRoot, 'examples'), path.join(folder, 'examples'));
  mkdirSync(path.join(folder, 'bin'));
  const program = path.join(folder, 'bin/audit-sidecar');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`);
  chmodSync(program, 0o755);
  const steps = [...page.matchAll(/```console\n\$ (.*)\n([\s\S]*?)```/g)];
  assert.equal(steps.length, 4);
  for (const [, words, output] of steps) {
    const printed = execFileSync('sh', ['-c', here(words!, folder)], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}/bin:${process.env['PATH']}` },
    });
    assert.equal(printed.replace(/hmac-sha256:[0-9a-f]{64}/g, 'hmac-sha256:…'), output, words);
  }
});

test('the table has every member of a record, and says of each what the kernel makes of it', () => {
  const example = fullExample('ApiRecord');
  const line = parsedLineOf(example, { policy: { profile: 'api' } });
  const rows = page.matchAll(/^\| `([a-z_.]+)` \| ([a-z ]+) \| .+ \| .+ \|$/gm);
  const found = leavesOf('ApiRecord').map(([place]) => {
    const fate = fateOf(memberAt(example, place), memberAt(line, place));
    return [place, fate === 'left out' ? 'if audited' : fate];
  });
  assert.deepEqual(
    [...rows].map(([, place, fate]) => [place, fate]),
    found,
  );
});
