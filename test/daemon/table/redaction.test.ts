import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { runCommand } from '../../cli/command.ts';
import { DaemonProcess, fileDevice } from '../../support/daemon-process.ts';
import { projectRoot } from '../../support/project-root.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A build of our own, in which faults are planted. */
const copy = mkdtempSync(path.join(tmpdir(), 'as-build-'));
after(() => rmSync(copy, { recursive: true }));
const built = path.join(projectRoot, 'dist');
cpSync(built, path.join(copy, 'dist'), {
  recursive: true,
  filter: (source) => !/^(test|bench|examples)(\/|$)/.test(path.relative(built, source)),
});
cpSync(path.join(projectRoot, 'package.json'), path.join(copy, 'package.json'));
symlinkSync(path.join(projectRoot, 'node_modules'), path.join(copy, 'node_modules'));

/** Words that start it in place of the command: behind them come Node, and the command. */
const through = ['sh', '-c', `node=$0; shift; exec "$node" "${copy}/dist/cli/start.cjs" "$@"`];

/** Plants a fault; what is returned takes it away. */
function plant(file: string, right: string, wrong: string): () => void {
  const planted = path.join(copy, 'dist', file);
  const text = readFileSync(planted, 'utf8');
  assert.ok(text.includes(right), `${right} in ${file}`);
  writeFileSync(planted, text.replace(right, wrong));
  return () => writeFileSync(planted, text);
}

function configured(folder: string, more: object): string {
  const file = path.join(folder, 'c.yaml');
  const at = (name: string): string => path.join(folder, name);
  const config = {
    state_dir: at('state'),
    listeners: [{ path: at('ingest.sock') }],
    admin: { path: at('admin.sock') },
    metrics: { listen: null },
    devices: {
      'raw/': { type: 'file', options: { file_path: at('raw.log'), log_raw: true } },
      'file/': { type: 'file', options: { file_path: at('audit.log') } },
    },
    ...more,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const clearByDefault = ['format/path-states.js', "known ?? 'hash'", "known ?? 'clear'"] as const;

/** A file of the build, what stands there and what is planted, and where a secret comes out. */
const faults: readonly (readonly [readonly [string, string, string], object, RegExp])[] = [
  [clearByDefault, {}, /"auth\.canary \(text\)", "[^"]+ \(text\)", "[^"]+ \(text\)" readable/],
  [
    ['format/policy-bytes.js', 'hashed: HASHED_NUMBER', 'hashed: 0'],
    { profile: 'api' },
    /\(number\)" readable/,
  ],
  [['format/line-recipe.js', '| (1 << HASHED_PART)', ''], { profile: 'api' }, /"request\.path \(query\)"/],
];

test('check names the devices of a build that would write what the policy hashes, and the places', async (t) => {
  const folder = temporaryDirectory(t);
  for (const [planted, more, message] of faults) {
    const file = configured(folder, more);
    const mend = plant(...planted);
    const { code, stderr } = await runCommand(t, ['check', file], { through });
    mend();
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.match(stderr, /devices\.file\/: Cannot use device "file\/": the redaction self-test found /);
    assert.match(stderr, /install the release again/);
    assert.doesNotMatch(stderr, /"raw\/"/, 'it hashes nothing');
  }
  const sound = await runCommand(t, ['check', configured(folder, { profile: 'api' })], { through });
  assert.equal(sound.code, 0, sound.stderr);
});

test('such a build does not start, and makes no file of the device', async (t) => {
  const folder = temporaryDirectory(t);
  t.after(plant(...clearByDefault));
  const { code, stderr } = await runCommand(t, ['run', '--config', configured(folder, {})], { through });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error not started error="Cannot use device \\"file\/\\": the redaction self-test found /,
  );
  assert.throws(() => readFileSync(path.join(folder, 'audit.log')), /ENOENT/);
});

test('a reload tries again: what only a new configuration brings out refuses it, and the daemon runs on', async (t) => {
  const mend = plant(
    'format/policy-states.js',
    'return pathStates(rules, profile);',
    `const states = pathStates(rules, profile);
     if (clearFields.includes('planted')) for (const state of states) state.treatment = 'clear';
     return states;`,
  );
  t.after(mend);
  const devices = { 'file/': fileDevice };
  const daemon = await DaemonProcess.startThrough(t, temporaryDirectory(t), through, { devices });
  daemon.configure({ devices, clear_fields: ['planted'] });
  daemon.signal('SIGHUP');
  await waitFor('the reload is refused', () => daemon.log.includes('not reloaded'));
  assert.match(
    daemon.log,
    /not reloaded, running on as before error="Cannot use device \\"file\/\\": the redaction self-test found /,
  );
  daemon.configure({ devices, clear_fields: ['other'] });
  daemon.signal('SIGHUP');
  await waitFor('it is reloaded', () => / reloaded /.test(daemon.log.replace(/not reloaded /g, '')));
  assert.equal(await daemon.stop(), 0);
});
