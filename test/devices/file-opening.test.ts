import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeFolders } from '../../devices/file/make-folders.ts';
import { parseDevice } from '../../devices/registry.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { linesOf, recordText, recordTexts } from './batches.ts';
import { fileSubject } from './file-device.ts';
import { failingSyncs } from './file-system-fault.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { asOrdinaryUser, ordinaryUser } from './ordinary-user.ts';
import { StoppedClock } from './stopped-clock.ts';
import { unheardSettings } from './unheard-settings.ts';

const line = linesOf(recordTexts(0, 1, 100));

test('a call whose signal is aborted already opens nothing', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  const aborted = AbortSignal.abort();
  await assert.rejects(lane.device.open(aborted), (error) => {
    assert.equal(lane.checked(error).message, `Cannot open audit file "${file}": given up`);
    return true;
  });
  await assert.rejects(lane.device.reopen(aborted), (error) => {
    assert.equal(lane.checked(error).message, `Cannot reopen audit file "${file}": given up`);
    return true;
  });
  assert.equal(existsSync(file), false);
  await lane.deliver(line);
  const outcome = await lane.write(line, aborted);
  assert.equal(outcome.failure?.message, `Cannot write audit file "${file}": given up`);
  assert.equal(lines().length, 1);
});

test('a device that is not open takes nothing, before its first open and after its close', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  const message = `Cannot write audit file "${file}": it is not open`;
  const before = await lane.write(line);
  assert.deepEqual([before.settled, before.failure?.message], [0, message]);
  await lane.deliver(line);
  await lane.device.close(AbortSignal.abort());
  const after = await lane.write(line);
  assert.deepEqual([after.settled, after.failure?.message], [0, message]);
  assert.equal(lines().length, 1);
});

test('a device can be reopened before it is opened', async (context) => {
  const { lane, lines } = fileSubject(context);
  await lane.device.reopen(new AbortController().signal);
  assert.equal((await lane.write(line)).failure, null);
  assert.equal(lines().length, 1);
});

test('calls made at once are served one after the other, in their order', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  const { signal } = new AbortController();
  const texts = recordTexts(0, 20, 100_000);
  const opening = lane.device.open(signal);
  const writing = texts.map((text) => lane.device.write(linesOf([text]), signal));
  const closing = lane.device.close(AbortSignal.abort());
  await opening;
  for (const outcome of await Promise.all(writing)) assert.equal(outcome.failure, null);
  await closing;
  assert.deepEqual(lines(), texts);
  assert.equal(statSync(file).size, 20 * 100_000 + 20);
});

test('a folder and a file that cannot be written to are told apart', async (context) => {
  const { directory, file, lane } = fileSubject(context);
  chmodSync(path.dirname(directory), 0o755);
  chmodSync(directory, 0o755);
  writeFileSync(file, '', { mode: 0o600 });
  await asOrdinaryUser(async () => {
    if (process.geteuid!() === ordinaryUser && statSync(file).uid === ordinaryUser) chmodSync(file, 0o400);
    const failure = await lane.openFailure();
    assert.equal(failure.message, `Cannot open audit file "${file}": the file is not writable`);
    assert.deepEqual([failure.reason, failure.permanent], ['permission', true]);
  });
});

test('a file that has its mode already is left alone', async (context) => {
  const { directory, file, lane } = fileSubject(context, { mode: '0666' });
  chmodSync(path.dirname(directory), 0o755);
  chmodSync(directory, 0o755);
  writeFileSync(file, '');
  chmodSync(file, 0o666);
  // Not its owner, who alone could change it.
  await asOrdinaryUser(() => lane.deliver(line));
  assert.equal(statSync(file).mode & 0o7777, 0o666);
  if (process.geteuid!() !== 0) return;
  // A set-id bit is another mode.
  chmodSync(file, 0o4666);
  await lane.device.reopen(new AbortController().signal);
  assert.equal(statSync(file).mode & 0o7777, 0o666);
});

test('with mode 0000 a new file is for its owner alone', async (context) => {
  const { file, lane } = fileSubject(context, { mode: '0000' });
  await lane.open();
  assert.equal(statSync(file).mode & 0o7777, 0o600);
});

test('through the API mode 0000 asks for a file that is there, once', async (context) => {
  const { directory, file } = fileSubject(context);
  const folder = path.join(directory, 'new');
  for (const at of [file, path.join(folder, 'audit.log')]) {
    for (const fileRoots of [[directory], [path.dirname(directory)]]) {
      const clock = new StoppedClock();
      const limits = { fileRoots, allowPrefix: false, allowLogRaw: false, allowAddresses: null };
      const parsed = parseDevice('file', { file_path: at, mode: '0000' }, limits);
      const settings = { ...unheardSettings, clock };
      const lane = new LaneStandIn(context, 'file', {}, parsed.create(settings));
      const failure = await lane.openFailure();
      const why = 'it does not exist, and mode "0000" leaves a file as it is';
      assert.equal(failure.message, `Cannot open audit file "${at}": ${why}`);
      assert.deepEqual([failure.reason, failure.permanent], ['not_found', false]);
      assert.equal(existsSync(folder), false);
      if (at !== file) continue;
      writeFileSync(file, '', { mode: 0o640 });
      await lane.deliver(line);
      // A rotation that leaves no file behind is no reason to stop.
      renameSync(file, `${file}.1`);
      clock.advance(1000);
      await lane.deliver(line);
      assert.equal(readFileSync(file, 'utf8'), `${recordText(0, 100)}\n`);
      rmSync(file);
    }
  }
});

test('a failed fdatasync is a failed write, whose lines come again', async (context) => {
  const syncs = failingSyncs(context, 'EIO', null);
  const { file, lane, lines } = fileSubject(context, { sync: 'data' });
  await lane.open();
  const texts = recordTexts(0, 3, 100);
  const outcome = await lane.write(linesOf(texts));
  assert.deepEqual(
    [outcome.settled, outcome.failure?.reason, outcome.failure?.message],
    [0, 'io', `Cannot write audit file "${file}": input/output error`],
  );
  // Until it is opened again nothing is taken.
  assert.equal((await lane.write(linesOf(texts))).settled, 0);
  await lane.deliver(linesOf(texts));
  assert.deepEqual(lines(), [...texts, ...texts]);
  assert.equal(syncs.calls, 2);
});

test('lines that a full disk took in part do not count either when the rest cannot be synced', async (context) => {
  failingSyncs(context, 'EIO');
  const { lane, lines } = fileSubject(context, { sync: 'data' });
  await lane.open();
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=250:unlimited']);
  try {
    const outcome = await lane.write(linesOf(recordTexts(0, 5, 99)));
    assert.deepEqual([outcome.settled, outcome.failure?.reason], [0, 'no_space']);
  } finally {
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited']);
  }
  await lane.deliver(linesOf(recordTexts(0, 5, 99)));
  assert.deepEqual(lines(), [...recordTexts(0, 2, 99), ...recordTexts(0, 5, 99)]);
});

test('without sync nothing waits for the disk', async (context) => {
  const syncs = failingSyncs(context, 'EIO');
  const { lane } = fileSubject(context);
  await lane.deliver(line);
  assert.equal(syncs.calls, 0);
});

const root = '<json:object xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx">';

test('half a line of jsonx is known as such, and one of JSON is not its own', async (context) => {
  for (const [half, left] of [
    [root, `${root}<json:boolean name="torn">true</json:boolean></json:object>\n`],
    ['{"half":', '{"half":\n'],
  ]) {
    const { file, lane } = fileSubject(context, { format: 'jsonx' });
    writeFileSync(file, `whole\n${half}`);
    await lane.open();
    assert.equal(readFileSync(file, 'utf8'), `whole\n${left}`);
  }
});

test('half a line is found across the blocks in which it is looked for', async (context) => {
  for (const length of [65_534, 65_535, 65_536, 65_537, 65_538, 131_071, 131_072, 131_073]) {
    const { file, lane, lines } = fileSubject(context);
    const half = recordText(2, 400_000).slice(0, length);
    for (const before of ['', `${recordText(1, 100)}\n`, `${recordText(1, 70_000)}\n`]) {
      writeFileSync(file, `${before}${half}`);
      await lane.device.reopen(new AbortController().signal);
      assert.equal(readFileSync(file, 'utf8'), `${before}${half}","torn":true}\n`, `${length}`);
    }
    await lane.device.close(AbortSignal.abort());
    assert.equal(lines().length, 2);
  }
});

test('no descriptor is left behind, whatever an open comes to', async (context) => {
  const { directory, file, lane, clock } = fileSubject(context);
  const openBelow = (): string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const to = readlinkSync(`/proc/self/fd/${fd}`);
        return to.startsWith(directory) || to === '/' ? [to] : [];
      } catch {
        return [];
      }
    });
  assert.deepEqual(openBelow(), []);
  await lane.deliver(line);
  assert.deepEqual(openBelow(), [file]);
  await lane.device.reopen(new AbortController().signal);
  assert.deepEqual(openBelow(), [file]);
  renameSync(file, `${file}.1`);
  clock.advance(1000);
  await lane.write(line);
  assert.deepEqual(openBelow(), [file]);
  await lane.device.close(AbortSignal.abort());
  assert.deepEqual(openBelow(), []);

  const limits = { fileRoots: [directory], allowPrefix: false, allowLogRaw: false, allowAddresses: null };
  mkdirSync(path.join(directory, 'folder'));
  symlinkSync('/nowhere', path.join(directory, 'link'));
  const api = (at: string): LaneStandIn => {
    const parsed = parseDevice('file', { file_path: path.join(directory, at) }, limits);
    const settings = { ...unheardSettings, clock };
    return new LaneStandIn(context, 'file', {}, parsed.create(settings));
  };
  for (const at of ['folder', 'link', 'audit.log/x.log', 'folder/../audit.log/deep/x.log']) {
    await api(at).openFailure();
    assert.deepEqual(openBelow(), [], at);
  }
  const rooted = api('a/b/c.log');
  await rooted.open();
  assert.deepEqual(openBelow(), [path.join(directory, 'a/b/c.log')]);
  await rooted.device.close(AbortSignal.abort());
  assert.deepEqual(openBelow(), []);

  if (process.geteuid!() !== 0) return;
  chmodSync(path.dirname(directory), 0o755);
  chmodSync(directory, 0o755);
  writeFileSync(file, '{"time":"2026-11-22T04:45:03Z"}\n');
  chmodSync(file, 0o666);
  await asOrdinaryUser(async () => {
    const failure = await api('audit.log').openFailure();
    assert.match(failure.message, /^Cannot set mode 0600 of audit file/);
  });
  assert.deepEqual(openBelow(), []);
});

test('folders are made from the highest on, and those that are there are left alone', async (context) => {
  const directory = temporaryDirectory(context);
  const deep = path.join(directory, 'a', 'b', 'c');
  const umask = process.umask(0o022);
  try {
    assert.deepEqual(await makeFolders(deep, 0o750), [
      path.join(directory, 'a'),
      path.join(directory, 'a', 'b'),
      deep,
    ]);
  } finally {
    process.umask(umask);
  }
  assert.equal(statSync(deep).mode & 0o777, 0o750);
  assert.deepEqual(await makeFolders(deep, 0o700), []);
  assert.equal(statSync(deep).mode & 0o777, 0o750);
  assert.deepEqual(await makeFolders(path.join(deep, 'd'), 0o700), [path.join(deep, 'd')]);
  symlinkSync('a', path.join(directory, 'to-a'));
  assert.deepEqual(await makeFolders(path.join(directory, 'to-a', 'b'), 0o700), []);

  writeFileSync(path.join(directory, 'file'), '');
  symlinkSync('nowhere', path.join(directory, 'dangling'));
  const refused: [string, string][] = [
    ['file', 'ENOTDIR'],
    ['file/x', 'ENOTDIR'],
    ['file/x/y', 'ENOTDIR'],
    ['dangling', 'ENOENT'],
    ['dangling/x', 'ENOENT'],
    ['dangling/x/y', 'ENOENT'],
  ];
  for (const [at, code] of refused) {
    await assert.rejects(makeFolders(path.join(directory, at), 0o700), { code }, at);
  }
  await assert.rejects(makeFolders('/proc/nowhere/x', 0o700), { code: 'ENOENT' });
  chownSync(directory, ordinaryUser, -1);
  chmodSync(directory, 0o555);
  await asOrdinaryUser(async () => {
    await assert.rejects(makeFolders(path.join(directory, 'new', 'x'), 0o700), { code: 'EACCES' });
  });
  chmodSync(directory, 0o755);
});
