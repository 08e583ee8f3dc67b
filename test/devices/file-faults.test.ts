import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { linesOf, recordTexts } from './batches.ts';
import { fileSubject, wholeLinesOf } from './file-device.ts';

/**
 * A file system of its own with so many bytes, or `null` where the system does not let us. It has no name, only a
 * descriptor, so that nothing stays mounted when the test is killed.
 */
function smallDisk(test: TestContext, bytes: number): string | null {
  const directory = path.join(temporaryDirectory(test), 'disk');
  mkdirSync(directory);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', directory], { stdio: 'ignore' });
  } catch {
    test.skip('needs root, to mount a small file system');
    return null;
  }
  const fd = openSync(directory, 'r');
  test.after(() => closeSync(fd));
  execFileSync('umount', ['--lazy', directory]);
  return `/proc/self/fd/${fd}`;
}

test('a full disk tears no line, and what did not fit arrives when there is room', async (context) => {
  const disk = smallDisk(context, 256 * 1024);
  if (disk === null) return;
  const { file, lane, lines } = fileSubject(context, {}, disk);
  const ballast = path.join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(100_000));
  const texts = recordTexts(0, 300, 999);
  await lane.open();
  const first = await lane.write(linesOf(texts.slice(0, 200)));
  assert.equal(first.failure?.reason, 'no_space');
  assert.equal(first.failure?.permanent, false);
  assert.ok(first.settled > 50 && first.settled < 200, `${first.settled} settled`);
  // Readers see whole lines from that moment on, not from the next write.
  assert.deepEqual(lines(), texts.slice(0, first.settled));

  await lane.open();
  const again = await lane.write(linesOf(texts.slice(first.settled)));
  assert.equal(again.failure?.reason, 'no_space');
  assert.deepEqual(lines(), texts.slice(0, first.settled + again.settled));

  rmSync(ballast);
  await lane.deliver(linesOf(texts.slice(first.settled + again.settled, 240)));
  assert.deepEqual(lines(), texts.slice(0, 240));
  assert.deepEqual(wholeLinesOf(file), texts.slice(0, 240));
});

test('a file at its size limit tears no line, and goes on when the limit is lifted', async (context) => {
  const { lane, lines } = fileSubject(context);
  const texts = recordTexts(0, 10, 999);
  await lane.open();
  const limit = (bytes: number | 'unlimited'): void => {
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
  };
  limit(4500);
  let outcome: Awaited<ReturnType<typeof lane.write>>;
  try {
    outcome = await lane.write(linesOf(texts));
  } finally {
    limit('unlimited');
  }
  assert.deepEqual([outcome.settled, outcome.failure?.reason], [4, 'no_space']);
  assert.deepEqual(lines(), texts.slice(0, 4));
  await lane.deliver(linesOf(texts.slice(4)));
  assert.deepEqual(lines(), texts);
});

test('reopening follows a rename at once', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  await lane.deliver(linesOf(recordTexts(0, 5, 100)));
  renameSync(file, `${file}.1`);
  await lane.deliver(linesOf(recordTexts(5, 5, 100)));
  await lane.device.reopen(new AbortController().signal);
  await lane.deliver(linesOf(recordTexts(10, 5, 100)));
  assert.deepEqual(lines('audit.log.1'), recordTexts(0, 10, 100));
  assert.deepEqual(lines(), recordTexts(10, 5, 100));
});

test('a reopening that fails leaves the old file in use', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  renameSync(file, `${file}.1`);
  mkdirSync(file);
  await assert.rejects(
    lane.device.reopen(new AbortController().signal),
    (error) => lane.checked(error).reason === 'unsuitable',
  );
  await lane.deliver(linesOf(recordTexts(1, 1, 100)));
  assert.deepEqual(lines('audit.log.1'), recordTexts(0, 2, 100));
});

test('logrotate takes no line and tears none, renaming with a reopening or truncating in place', async (context) => {
  for (const how of ['create', 'copytruncate']) {
    const { directory, file, lane, lines } = fileSubject(context);
    const config = path.join(path.dirname(directory), `${how}.conf`);
    writeFileSync(config, `${file} {\n  rotate 9\n  ${how}\n}\n`, { mode: 0o600 });
    const texts = recordTexts(0, 40, 300);
    for (let turn = 0; turn < 4; turn++) {
      await lane.deliver(linesOf(texts.slice(10 * turn, 10 * turn + 10)));
      try {
        execFileSync('logrotate', ['-f', '-s', path.join(directory, 'state'), config], { stdio: 'pipe' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        context.skip('install logrotate');
        return;
      }
      if (how === 'create') await lane.device.reopen(new AbortController().signal);
    }
    const all = [4, 3, 2, 1].flatMap((number) => lines(`audit.log.${number}`));
    assert.deepEqual([...all, ...lines()], texts);
  }
});
