import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { DeviceFailure } from '../../devices/device.ts';
import { type OptionProblem, OptionsRefused, type OptionTexts } from '../../devices/device-kind.ts';
import { parseDevice } from '../../devices/registry.ts';
import type { RemoteLimits } from '../../devices/remote-limits.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { linesOf, recordTexts } from './batches.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { unheardSettings } from './unheard-settings.ts';

const line = linesOf(recordTexts(0, 1, 100));

function limits(more: Partial<RemoteLimits> = {}): RemoteLimits {
  return {
    fileRoots: ['/var/log/audit-sidecar'],
    allowPrefix: false,
    allowLogRaw: false,
    allowAddresses: null,
    ...more,
  };
}

function problems(type: string, options: OptionTexts, allowed: RemoteLimits): readonly OptionProblem[] {
  try {
    parseDevice(type, options, allowed);
  } catch (error) {
    assert.ok(error instanceof OptionsRefused);
    return error.problems;
  }
  return [];
}

interface Folders {
  /** The one root. */
  readonly root: string;
  /** A folder that nothing may be written to. */
  readonly outside: string;
  readonly limits: RemoteLimits;
  /** A file device as the API enables it. */
  device(file: string): LaneStandIn;
  /** What the option `file_path` is refused with; empty when it is not. */
  refusal(file: string): string;
  assertOutsideIsUntouched(): void;
}

function folders(context: TestContext): Folders {
  const directory = temporaryDirectory(context);
  const root = path.join(directory, 'root');
  const outside = path.join(directory, 'outside');
  mkdirSync(root);
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'kept.log'), 'kept');
  const allowed = limits({ fileRoots: [root] });
  return {
    root,
    outside,
    limits: allowed,
    device(file) {
      const parsed = parseDevice('file', { file_path: file }, allowed);
      return new LaneStandIn(context, 'file', {}, parsed.create(unheardSettings));
    },
    refusal: (file) =>
      problems('file', { file_path: file }, allowed)
        .map(({ message }) => message)
        .join(),
    assertOutsideIsUntouched() {
      assert.deepEqual(readdirSync(outside), ['kept.log']);
      assert.equal(readFileSync(path.join(outside, 'kept.log'), 'utf8'), 'kept');
    },
  };
}

test('a file below a root is written, in folders that are made for it', async (context) => {
  const { root, device } = folders(context);
  const file = path.join(root, 'a', 'b', 'audit.log');
  await device(file).deliver(line);
  assert.equal(readFileSync(file, 'utf8'), `${recordTexts(0, 1, 100)[0]}\n`);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o750);
});

test('standard output and nowhere are no files', () => {
  assert.deepEqual(problems('file', { file_path: 'STDOUT' }, limits()), []);
  assert.deepEqual(problems('file', { file_path: 'Discard' }, limits()), []);
});

test('a path that leads out of the roots is refused, whichever way', async (context) => {
  const { root, outside, refusal, assertOutsideIsUntouched } = folders(context);
  symlinkSync(outside, path.join(root, 'folder'));
  symlinkSync('..', path.join(root, 'up'));
  symlinkSync(path.join(outside, 'kept.log'), path.join(root, 'file.log'));
  symlinkSync('folder', path.join(root, 'indirect'));
  mkdirSync(`${root}-beside`);
  for (const file of [
    path.join(outside, 'x.log'),
    `${root}/../outside/x.log`,
    `${root}/a/../../outside/x.log`,
    `${root}/./folder/x.log`,
    `${root}//folder//x.log`,
    `${root}/folder/new/x.log`,
    `${root}/indirect/x.log`,
    `${root}/up/outside/x.log`,
    `${root}/file.log`,
    `${root}-beside/x.log`,
    root,
    path.relative('.', path.join(outside, 'x.log')),
    '/proc/self/cwd/x.log',
    '/dev/./stdout',
    `${root}/x.log\0/../../outside`,
    `${root}/folder/`,
  ]) {
    const message = refusal(file);
    assert.match(message, /file_path/, JSON.stringify(file));
    assert.match(message, /admin\.file_roots|wanted the path of a file/, JSON.stringify(file));
  }
  assertOutsideIsUntouched();
});

test('a link that stays below a root is followed, and so is a link that leads into one', async (context) => {
  const { root, outside, device } = folders(context);
  mkdirSync(path.join(root, 'real'));
  symlinkSync('real', path.join(root, 'alias'));
  symlinkSync(root, path.join(outside, 'in'));
  await device(path.join(root, 'alias', 'one.log')).deliver(line);
  await device(path.join(outside, 'in', 'real', 'two.log')).deliver(line);
  assert.deepEqual(readdirSync(path.join(root, 'real')).sort(), ['one.log', 'two.log']);
});

test('a root may be a link itself, and need not exist yet', async (context) => {
  const directory = temporaryDirectory(context);
  mkdirSync(path.join(directory, 'disk'));
  symlinkSync('disk', path.join(directory, 'logs'));
  const fileRoots = [path.join(directory, 'logs'), path.join(directory, 'later')];
  for (const file of ['logs/a.log', 'disk/b.log', 'later/deep/c.log']) {
    const options = { file_path: path.join(directory, file) };
    const parsed = parseDevice('file', options, limits({ fileRoots }));
    const device = parsed.create(unheardSettings);
    await new LaneStandIn(context, 'file', {}, device).deliver(line);
    assert.ok(existsSync(path.join(directory, file)));
  }
});

test('a link that leads nowhere is not written through', async (context) => {
  const { root, outside, device, assertOutsideIsUntouched } = folders(context);
  symlinkSync(path.join(outside, 'new.log'), path.join(root, 'x.log'));
  symlinkSync(path.join(outside, 'new'), path.join(root, 'folder'));
  for (const file of ['x.log', 'folder/x.log', 'folder/deep/x.log']) {
    const failure = await device(path.join(root, file)).openFailure();
    assert.equal(failure.reason, 'permission');
    assert.match(failure.message, /admin\.file_roots/);
  }
  assertOutsideIsUntouched();
});

type Swap = (root: string, outside: string) => void;
const swaps: [what: string, swap: Swap][] = [
  [
    'the root',
    (root, outside) => {
      renameSync(root, `${root}-before`);
      symlinkSync(outside, root);
    },
  ],
  [
    'a folder below it',
    (root, outside) => {
      renameSync(path.join(root, 'a'), path.join(root, 'before'));
      symlinkSync(outside, path.join(root, 'a'));
    },
  ],
  [
    'the file',
    (root, outside) => {
      const file = path.join(root, 'a', 'kept.log');
      if (existsSync(file)) unlinkSync(file);
      symlinkSync(path.join(outside, 'kept.log'), file);
    },
  ],
];
for (const [what, swap] of swaps) {
  test(`${what} that is replaced by a link between check and open is not followed`, async (context) => {
    const { root, outside, device, assertOutsideIsUntouched } = folders(context);
    mkdirSync(path.join(root, 'a'));
    const lane = device(path.join(root, 'a', 'kept.log'));
    const deep = device(path.join(root, 'a', 'new', 'folders', 'kept.log'));
    swap(root, outside);
    const failure = await lane.openFailure();
    assert.equal(failure.reason, 'permission');
    assert.match(failure.message, /^Cannot open audit file ".*": it leads to no file below/);
    if (what !== 'the file') await deep.openFailure();
    assertOutsideIsUntouched();
  });

  test(`${what} that is replaced by a link later is not followed by a reopen`, async (context) => {
    const { root, outside, device, assertOutsideIsUntouched } = folders(context);
    const lane = device(path.join(root, 'a', 'kept.log'));
    await lane.deliver(line);
    swap(root, outside);
    await assert.rejects(
      lane.device.reopen(new AbortController().signal),
      (error) => lane.checked(error).reason === 'permission',
    );
    // The file it had goes on, wherever it has been moved to.
    await lane.write(line);
    assertOutsideIsUntouched();
  });
}

test('swapping a folder for a link and back without pause gets no file and no folder outside', async (context) => {
  const { root, outside, device, assertOutsideIsUntouched } = folders(context);
  const swapped = path.join(root, 'a');
  mkdirSync(swapped);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const source = `
    const { mkdirSync, renameSync, symlinkSync, unlinkSync } = require('node:fs');
    const { swapped, outside, stop } = require('node:worker_threads').workerData;
    // The device makes folders at the same time, so that any of these may find its place taken.
    const attempt = (step) => { try { step(); } catch {} };
    for (let round = 0; Atomics.load(stop, 0) === 0; round++) {
      attempt(() => renameSync(swapped, swapped + round));
      attempt(() => symlinkSync(outside, swapped));
      attempt(() => unlinkSync(swapped));
      attempt(() => mkdirSync(swapped));
    }`;
  const swapping = new Worker(source, { eval: true, workerData: { swapped, outside, stop } });
  const gone = new Promise((resolve) => swapping.once('exit', resolve));
  let refused = 0;
  try {
    for (let round = 0; round < 300; round++) {
      try {
        const lane = device(path.join(swapped, `new-${round}`, 'x.log'));
        await lane.open();
        await lane.write(line);
      } catch (error) {
        if (!(error instanceof OptionsRefused || error instanceof DeviceFailure)) throw error;
        refused++;
      }
    }
  } finally {
    Atomics.store(stop, 0, 1);
    await gone;
  }
  assertOutsideIsUntouched();
  context.diagnostic(`${refused} of 300 opens were refused`);
  await device(path.join(swapped, 'after.log')).deliver(line);
  assert.ok(existsSync(path.join(swapped, 'after.log')));
});

test('a FIFO, a directory or a device node below a root is refused as anywhere', async (context) => {
  const { root, device } = folders(context);
  mkdirSync(path.join(root, 'folder'));
  const failure = await device(path.join(root, 'folder')).openFailure();
  assert.equal(failure.reason, 'unsuitable');
});

for (const value of ['1', 't', 'T', 'TRUE', 'true', 'True']) {
  test(`log_raw spelt ${value} needs admin.allow_log_raw`, () => {
    const options = { file_path: 'discard', log_raw: value };
    assert.deepEqual(problems('file', options, limits()), [
      {
        option: 'log_raw',
        message: 'Cannot use option "log_raw" through the API: admin.allow_log_raw does not allow it',
      },
    ]);
    assert.deepEqual(problems('file', options, limits({ allowLogRaw: true })), []);
  });
}

test('log_raw that is false, or no boolean at all, gets nothing past', () => {
  for (const value of ['0', 'f', 'false', 'False']) {
    assert.deepEqual(problems('file', { file_path: 'discard', log_raw: value }, limits()), []);
  }
  for (const value of ['tRUE', 'yes', ' true', '01', '1.0', '']) {
    assert.equal(
      problems('file', { file_path: 'discard', log_raw: value }, limits()).length > 0,
      true,
      value,
    );
  }
});

test('a prefix needs admin.allow_prefix, and may hold no control character even then', () => {
  for (const prefix of ['x', ' ', '#!/bin/sh\n', '\u001b]0;', '\u0000']) {
    const found = problems('file', { file_path: 'discard', prefix }, limits());
    assert.ok(
      found.some(({ option, message }) => option === 'prefix' && message.includes('admin.allow_prefix')),
    );
  }
  const allowed = limits({ allowPrefix: true });
  assert.deepEqual(problems('file', { file_path: 'discard', prefix: '@cee: ' }, allowed), []);
  for (const prefix of ['a\nb', 'a\rb', '\u001b[2J', 'a\u0000']) {
    assert.equal(problems('file', { file_path: 'discard', prefix }, allowed).length, 1);
  }
});

test('a mode given as a number is octal text like any other, and no bit for executing survives', async (context) => {
  const { root, limits } = folders(context);
  // 493 is 0755 to whoever sends JSON numbers; 8 and 9 are no octal digits.
  assert.equal(problems('file', { file_path: path.join(root, 'x'), mode: '493' }, limits).length, 1);
  for (const [mode, bits] of [
    ['755', 0o644],
    ['4777', 0o666],
    ['0111', 0o600],
  ] as const) {
    const file = path.join(root, `mode-${mode}`);
    const parsed = parseDevice('file', { file_path: file, mode }, limits);
    await new LaneStandIn(context, 'file', {}, parsed.create(unheardSettings)).open();
    assert.equal(statSync(file).mode & 0o7111, 0);
    assert.ok((statSync(file).mode & 0o777 & ~bits) === 0);
  }
});

test('headers read nothing from the environment or from files, however they are spelt', () => {
  const uri = 'http://127.0.0.1:1/';
  process.env['REMOTE_LIMITS_SET'] = 'hunter2';
  try {
    for (const variable of ['REMOTE_LIMITS_SET', 'REMOTE_LIMITS_UNSET']) {
      for (const scheme of ['env://', 'ENV://', ' env://', '\tEnv://']) {
        const headers = JSON.stringify({ ok: ['x'], a: ['y', `${scheme}${variable}`] });
        // Set or not, the answer is the same: it is no way to find out.
        assert.deepEqual(problems('http', { uri, headers }, limits()), [
          { option: 'headers', message: `failed to parse header a: environment variable ${variable} unset` },
        ]);
      }
    }
  } finally {
    delete process.env['REMOTE_LIMITS_SET'];
  }
  for (const value of ['file:///etc/hostname', 'FILE:///nope', '  File:///etc/hostname']) {
    const [problem] = problems('http', { uri, headers: JSON.stringify({ a: [value] }) }, limits());
    assert.equal(problem?.message, 'failed to parse header a: a file is not read for the API');
  }
  assert.deepEqual(problems('http', { uri, headers: '{"a":["b"]}' }, limits()), []);
});
