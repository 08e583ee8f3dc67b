import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { linesOf, recordText, recordTexts } from './batches.ts';
import { fileSubject, wholeLinesOf } from './file-device.ts';
import { halfWrite } from './file-system-fault.ts';
import { LaneStandIn } from './lane-stand-in.ts';

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

test('on a disk that a deleted log fills, its last lines come back once it is let go of', async (context) => {
  const disk = smallDisk(context, 1024 * 1024);
  if (disk === null) return;
  const { file, lane, clock, lines } = fileSubject(context, {}, disk);
  const texts = recordTexts(0, 1000, 899);
  await lane.deliver(linesOf(texts.slice(0, 990)));
  rmSync(file);
  clock.advance(1000);
  await lane.deliver(linesOf(texts.slice(990)));
  assert.deepEqual(lines(), texts);
});

test('what a deleted log held waits for room, and comes before anything else', async (context) => {
  const disk = smallDisk(context, 1024 * 1024);
  if (disk === null) return;
  const { file, lane, clock, lines } = fileSubject(context, {}, disk);
  const texts = recordTexts(0, 800, 899);
  await lane.deliver(linesOf(texts.slice(0, 700)));
  // A reader who still has the deleted file open keeps its room taken.
  const reader = openSync(file, 'r');
  try {
    rmSync(file);
    clock.advance(1000);
    const outcome = await lane.write(linesOf(texts.slice(700)));
    assert.deepEqual([outcome.settled, outcome.failure?.reason], [0, 'no_space']);
    assert.equal((await lane.openFailure()).reason, 'no_space');
  } finally {
    closeSync(reader);
  }
  // Also while there is nothing to write: the device comes back to it by itself.
  clock.advance(1000);
  await waitFor('the lines are back', () => statSync(file).size === 700 * 900);
  await lane.deliver(linesOf(texts.slice(700)));
  assert.deepEqual(lines(), texts);
  // Nothing is lost: that is how the lane hears that it has to open the file.
  assert.deepEqual(
    lane.lost.map(({ failure }) => failure.reason),
    ['no_space'],
  );
});

test('what a deleted log held is written at the close, and counted as lost where that cannot be', async (context) => {
  for (const hasRoom of [true, false]) {
    const disk = smallDisk(context, 1024 * 1024);
    if (disk === null) return;
    const { file, lane, clock, lines } = fileSubject(context, {}, disk);
    const texts = recordTexts(0, 700, 899);
    await lane.deliver(linesOf(texts));
    const reader = openSync(file, 'r');
    rmSync(file);
    clock.advance(1000);
    if (hasRoom) closeSync(reader);
    await lane.device.close(AbortSignal.abort());
    if (hasRoom) {
      assert.deepEqual(lines(), texts);
      assert.deepEqual(lane.lost, []);
    } else {
      closeSync(reader);
      const lost = texts.length - lines().length;
      assert.ok(lost > 100, String(lost));
      const message = `Audit file "${file}" was deleted: ${lost} of its lines are in no file`;
      assert.deepEqual(
        lane.lost.slice(1).map(({ scope, failure }) => [scope, failure.message]),
        [[{ lines: lost }, message]],
      );
      assert.equal(lane.troubles.at(-1)!.message, message);
      assert.ok(lines().every((line, index) => line === texts[index]));
    }
  }
});

test('a device that takes over while the old one is in the midst of a line leaves that alone', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  const write = halfWrite(context);
  const old = lane.write(linesOf(recordTexts(1, 1, 100)));
  await waitFor('half a line is there', () => write.standing);
  // As a reload makes it that changes the mode.
  const next = new LaneStandIn(context, 'file', { file_path: file, mode: '0640' });
  await next.open();
  await next.device.reopen(new AbortController().signal);
  const half = readFileSync(file);
  assert.equal(half.length, 101 + 50);
  let written = false;
  const later = next.write(linesOf(recordTexts(2, 1, 100))).finally(() => {
    written = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(readFileSync(file), half);
  assert.equal(written, false);
  write.goOn();
  assert.equal((await old).settled, 1);
  assert.equal((await later).settled, 1);
  assert.deepEqual(lines(), recordTexts(0, 3, 100));
});

test('a device that takes over completes what the old one could not', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  const write = halfWrite(context, 'EIO');
  const old = lane.write(linesOf(recordTexts(1, 1, 100)));
  await waitFor('half a line is there', () => write.standing);
  const next = new LaneStandIn(context, 'file', { file_path: file, mode: '0640' });
  await next.open();
  const later = next.write(linesOf(recordTexts(2, 1, 100)));
  write.goOn();
  assert.equal((await old).settled, 0);
  assert.equal((await later).settled, 1);
  const [whole, after] = recordTexts(0, 3, 100).filter((_, index) => index !== 1);
  assert.deepEqual(lines(), [whole, `${recordText(1, 100).slice(0, 50)}","torn":true}`, after]);
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
