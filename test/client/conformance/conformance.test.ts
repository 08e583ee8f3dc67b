import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess, patientFileDevice } from '../../support/daemon-process.ts';
import { projectRoot } from '../../support/project-root.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { type Outcome, play } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const examples = path.join(projectRoot, 'examples/clients');
const naiveClient = path.join(import.meta.dirname, 'naive-client.js');

/** Ends a broken test, and decides nothing else. */
const patienceMs = 60_000;

function missing(program: string, packageName: string): string | false {
  return spawnSync(program, [program === 'go' ? 'version' : '--version']).status === 0
    ? false
    : `install ${packageName}`;
}

interface Sender {
  readonly name: string;
  readonly skip: string | false;
  command(t: TestContext): string[];
}

const senders: readonly Sender[] = [
  {
    name: 'Node',
    skip: false,
    command: () => [process.execPath, path.join(examples, 'node/send.js')],
  },
  {
    name: 'Python',
    skip: missing('python3', 'python3'),
    command: () => {
      // What is called python3 may be a script that looks for it each time.
      const found = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
      return [found.stdout.trim(), '-B', path.join(examples, 'python/send.py')];
    },
  },
  {
    name: 'Go',
    skip: missing('go', 'golang-go'),
    command: (t) => {
      const program = path.join(temporaryDirectory(t), 'send');
      const { status, stderr } = spawnSync('go', ['build', '-o', program, './send'], {
        cwd: path.join(examples, 'go'),
        env: { ...process.env, CGO_ENABLED: '0', GOPROXY: 'off', GOTOOLCHAIN: 'local' },
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      return [program];
    },
  },
];

for (const { name, skip, command } of senders) {
  test(`the client for ${name} keeps the contract`, { skip }, async (t) => {
    const words = command(t);
    const broken: Outcome[] = [];
    const left = [...scenarios];
    const some = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const outcome = await play(next, words, patienceMs);
        if (outcome.broken !== null) broken.push(outcome);
      }
    };
    await Promise.all([some(), some(), some(), some()]);
    assert.deepEqual(broken, []);
  });
}

test('each client is told by a real daemon what is kept', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
  });
  const input = `${readFileSync(path.join(projectRoot, 'examples/traffic.ndjson'), 'utf8')}{"a":\n`;
  const here = senders.filter(({ skip }) => skip === false);
  for (const { name, command } of here) {
    const [program, ...words] = command(t);
    const { stdout, stderr } = spawnSync(program!, [...words, daemon.socketPath, '60000'], {
      input,
      encoding: 'utf8',
      timeout: patienceMs,
    });
    assert.equal(stdout, `${'ok\n'.repeat(500)}refused invalid_record\n`, `${name}: ${stderr}`);
  }
  assert.equal(daemon.lines('audit.log').length, 500 * here.length);
});

/**
 * For each naive client the scenario that shows its fault, and what the report says of it. On a machine that is very
 * slow, one that skips is found by another thing that it does not do.
 */
const faults: readonly (readonly [kind: string, scenario: string, wanted: RegExp, seen: RegExp])[] = [
  ['forgets', 'refusals', /no "ok" for record 0/, /"ok"/],
  ['shuffles', 'refusals', /"refused not_recorded" for record 0/, /"refused code_of_next_year"/],
  ['hopes', 'a sidecar that takes records and does not reply', /no "ok" for record 0/, /"ok"/],
  ['forgives', 'garbage', /no "ok" for record 0/, /"ok"/],
  ['skips', 'a sidecar that takes records and does not reply', /"ok"|one of many|verdict/, /./],
  ['drops', 'a sidecar that dies again and again', /"ok" for record 300/, /"refused lost"/],
];

for (const [kind, name, wanted, seen] of faults) {
  test(`a client that ${kind} is found`, async () => {
    const scenario = scenarios.find((each) => each.name === name)!;
    const { broken } = await play(scenario, [process.execPath, naiveClient, kind], 5000);
    assert.match(broken!.wanted, wanted);
    assert.match(broken!.seen, seen);
  });
}

test('`npm run conformance` says what was wanted and seen, and fails', () => {
  const main = path.join(import.meta.dirname, 'main.js');
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [main, ...words], { encoding: 'utf8', timeout: patienceMs });
  const { status, stdout } = run('--only', 'refusals', process.execPath, naiveClient, 'forgets');
  assert.equal(
    stdout,
    `BROKEN  refusals
          wanted no "ok" for record 0, which has no such reply
          seen   "ok"
1 of 1 scenarios BROKEN
`,
  );
  assert.equal(status, 1);
  const helpless = run();
  assert.match(helpless.stderr, /npm run conformance -- .*COMMAND/);
  assert.equal(helpless.status, 2);
});

test('docs/clients.md lists every scenario', () => {
  const page = readFileSync(path.join(projectRoot, 'docs/clients.md'), 'utf8');
  const table = page.split('\n| scenario |')[1]!.split('\n\n')[0]!;
  const listed = table.matchAll(/^\| ([^|]+) \|/gm);
  assert.deepEqual(
    [...listed].map(([, name]) => name).filter((name) => !name!.startsWith('-')),
    scenarios.map(({ name }) => name),
  );
});
