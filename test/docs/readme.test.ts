import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { command } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');

/** Shell blocks of the README's first steps, in order. */
const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]!);

/** The embedded configuration has a fixed port: in a network of its own it meets nobody else's. */
const ownNetwork = ['unshare', '--net', '--map-root-user'];

const missing = (() => {
  const probe = spawnSync('sh', ['-c', `${ownNetwork.join(' ')} ip link set lo up && command -v nc`], {
    stdio: 'ignore',
  });
  return probe.status === 0
    ? false
    : 'install util-linux, iproute2 and netcat-openbsd, on a system that allows user namespaces';
})();

test('the README starts with the two commands that run it and test it', () => {
  assert.match(blocks[0]!, /^npm ci && npm start\b.*\nnpm ci && npm test\b/);
});

test('the first steps of the README work as they stand', { skip: missing }, (t) => {
  const folder = temporaryDirectory(t);
  symlinkSync(path.join(path.dirname(command), '..'), path.join(folder, 'dist'));
  symlinkSync(path.join(projectRoot, 'examples'), path.join(folder, 'examples'));
  const steps = blocks.filter((block) => block.includes('var/') || block.includes('hash --device'));
  assert.equal(steps.length, 4);
  const script = path.join(folder, 'steps.sh');
  writeFileSync(
    script,
    `set -eu
ip link set lo up
node dist/cli/start.cjs run >welcome.txt 2>log.txt & daemon=$!
trap 'kill $daemon; wait $daemon' EXIT
until grep -q 'Send it some records' welcome.txt; do sleep 0.05; done
${steps.map((step, index) => `echo "== ${index}"\n${step}`).join('\n')}
# What the daemon printed as the next command to try.
echo "== printed"
$(sed -n 's/^  \\(node .* send .*\\)/\\1/p' welcome.txt)
`,
  );
  const { stdout, stderr, status } = spawnSync(ownNetwork[0]!, [...ownNetwork.slice(1), 'bash', script], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 120_000,
  });
  assert.equal(status, 0, stderr + stdout);
  const [, send, byHand, hash, devices, printed] = stdout.split(/^== .*\n/m);
  assert.match(send!, /^sent +500\nok +500\nrefused +0$/m);
  assert.match(send!, /"client_token":"hmac-sha256:[0-9a-f]{64}"/);
  assert.match(send!, /^file\/ +file +config +ok/m);
  assert.equal(byHand, '{"ok":true}\n');
  assert.match(hash!, /^hmac-sha256:[0-9a-f]{64}\n$/);
  assert.match(devices!, /^second\/ +file +ok +api +-\nDevice "second\/" is disabled$/m);
  assert.match(printed!, /^ok +500$/m);
  const lines = readFileSync(path.join(folder, 'var/audit.log'), 'utf8').split('\n');
  assert.equal(lines.length, 1002);
  // What `hash` printed is what stands in the log.
  assert.ok(lines[500]!.includes(hash!.trim()));
});

test('the configuration in the README is one that `check` accepts', (t) => {
  const example = /```yaml\n([\s\S]*?)```/.exec(readme)![1]!;
  const file = path.join(temporaryDirectory(t), 'config.yaml');
  writeFileSync(file, example);
  const { status, stdout } = spawnSync(process.execPath, [command, 'check', file], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stdout, /ok, 2 devices/);
});

test('every file that the README names is there', () => {
  const targets = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]!);
  assert.ok(targets.length > 8);
  const absent = targets.filter((target) => !existsSync(path.join(projectRoot, target)));
  assert.deepEqual(absent, []);
});

test('what a daemon that was installed for all prints as the next command works from any folder', {
  skip: missing,
}, (t) => {
  const folder = temporaryDirectory(t);
  for (const name of ['bin', 'here', "else'where"]) mkdirSync(path.join(folder, name));
  symlinkSync(command, path.join(folder, 'bin/audit-sidecar'));
  const script = path.join(folder, 'steps.sh');
  writeFileSync(
    script,
    `set -eu
ip link set lo up
# npm makes the file executable when it installs it; here it is as it was built.
audit-sidecar() { node "${folder}/bin/audit-sidecar" "$@"; }
cd "${folder}/here"
node "${folder}/bin/audit-sidecar" run >welcome.txt 2>log.txt & daemon=$!
trap 'kill $daemon; wait $daemon' EXIT
until grep -q 'Ctrl-C' welcome.txt; do sleep 0.05; done
cd "${folder}/else'where"
printed=$(sed -n 's/^  \\(audit-sidecar send .*\\)/\\1/p' ../here/welcome.txt)
eval "$printed"
`,
  );
  const { stdout, stderr, status } = spawnSync(ownNetwork[0]!, [...ownNetwork.slice(1), 'bash', script], {
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, PATH: `${folder}/bin:${process.env['PATH']}` },
  });
  assert.equal(status, 0, stderr + stdout);
  assert.match(stdout, /^sent +500\nok +500\n/);
});
