import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { waitFor } from '../support/wait-for.ts';
import { linesOf, recordText, recordTexts } from './batches.ts';
import { type FileSubject, fileSubject, wholeLinesOf } from './file-device.ts';
import { failingSyncs } from './file-system-fault.ts';
import { asOrdinaryUser, ordinaryUser } from './ordinary-user.ts';

/** How long a rename or deletion may go unnoticed. */
const checkMs = 1000;

/** Writes the line of one number, which must be recorded at once. */
async function write({ lane }: FileSubject, number: number): Promise<void> {
  assert.equal((await lane.write(linesOf([recordText(number, 200)]))).failure, null);
}

/** A device whose line 0 is in its file and was seen there, and whose line 1 is in it since. */
async function withSeenAndUnseen(context: TestContext, options = {}): Promise<FileSubject> {
  const subject = fileSubject(context, options);
  await subject.lane.open();
  await write(subject, 0);
  subject.clock.advance(checkMs);
  await write(subject, 1);
  return subject;
}

function texts(...numbers: number[]): string[] {
  return numbers.map((number) => recordText(number, 200));
}

/** Where a descriptor leads; nowhere when it is closed by now. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

/** What is open in the folder of a device. */
function descriptorsOf({ directory }: FileSubject): string[] {
  return readdirSync('/proc/self/fd')
    .map(linkOf)
    .filter((file) => file.startsWith(directory));
}

test('a deletion is noticed by the first write after a second, and not by one before', async (context) => {
  const subject = fileSubject(context);
  const { file, lane, clock, lines } = subject;
  await lane.open();
  rmSync(file);
  clock.advance(checkMs - 1);
  await write(subject, 0);
  assert.equal(existsSync(file), false);
  // The check that this write has asked for comes later.
  clock.advance(1);
  await write(subject, 1);
  assert.deepEqual(lines(), texts(0, 1));
});

test('a file that is still there is looked at and not opened again', async (context) => {
  const subject = await withSeenAndUnseen(context);
  const descriptors = (): string[] =>
    readdirSync('/proc/self/fd').filter((fd) => linkOf(fd) === subject.file);
  const before = descriptors();
  assert.equal(before.length, 1);
  // Opened meanwhile, so that a file that is opened again cannot get the number it had.
  const taken = openSync('/dev/null', 'r');
  context.after(() => closeSync(taken));
  subject.clock.advance(checkMs);
  await write(subject, 2);
  assert.deepEqual(descriptors(), before);
  subject.clock.advance(checkMs);
  await subject.lane.open();
  assert.deepEqual(descriptors(), before);
});

test('what a file held before it was opened is not written again', async (context) => {
  const subject = fileSubject(context);
  writeFileSync(subject.file, `${recordText(0, 200)}\n`);
  await subject.lane.open();
  await write(subject, 1);
  rmSync(subject.file);
  await subject.lane.device.reopen(new AbortController().signal);
  assert.deepEqual(subject.lines(), texts(1));
});

test('of a deleted file only what came after the last look is written again', async (context) => {
  const subject = await withSeenAndUnseen(context);
  rmSync(subject.file);
  subject.clock.advance(checkMs);
  await write(subject, 2);
  // Line 0 had been seen under its name: whoever deleted the file wanted it gone.
  assert.deepEqual(subject.lines(), texts(1, 2));
});

test('nothing at all is written again of a file that was deleted right after a look', async (context) => {
  const subject = await withSeenAndUnseen(context);
  subject.clock.advance(checkMs);
  await subject.lane.open();
  rmSync(subject.file);
  subject.clock.advance(checkMs);
  await write(subject, 2);
  assert.deepEqual(subject.lines(), texts(2));
});

test('a large rest of a deleted file is written again whole', async (context) => {
  const { file, lane, clock, lines } = fileSubject(context);
  await lane.open();
  const large = recordTexts(0, 5, 600_000);
  await lane.write(linesOf(large));
  rmSync(file);
  clock.advance(checkMs);
  await lane.write(linesOf(texts(9)));
  assert.deepEqual(lines(), [...large, ...texts(9)]);
});

test('a deletion while nothing is written is noticed as well, and told', async (context) => {
  const subject = fileSubject(context);
  const { file, lane, clock, lines } = subject;
  const look = async (): Promise<void> => {
    clock.advance(checkMs);
    await waitFor('it is over', () => clock.timers === 1);
  };
  await lane.open();
  assert.equal(clock.timers, 1);
  await look();
  assert.deepEqual(lane.troubles, []);
  await write(subject, 0);
  await write(subject, 1);
  assert.equal(clock.timers, 1);
  rmSync(file);
  clock.advance(checkMs - 1);
  await lane.open();
  assert.equal(existsSync(file), false);
  clock.advance(1);
  await lane.open();
  assert.deepEqual(lines(), texts(0, 1));
  // Long after the last line as well.
  for (let second = 0; second < 5; second++) await look();
  rmSync(file);
  await look();
  assert.deepEqual(lines(), []);
  const told = `Audit file "${file}" was deleted: it is made anew`;
  assert.deepEqual(
    lane.troubles.map(({ message }) => message),
    [told, told],
  );
  await write(subject, 2);
  assert.deepEqual(lines(), texts(2));
  await lane.device.close(AbortSignal.abort());
  assert.equal(clock.timers, 0);
});

test('a file that is gone and cannot be made anew is told at once, and comes back when it can be', async (context) => {
  const subject = fileSubject(context);
  const { file, directory, lane, clock, lines } = subject;
  await lane.open();
  await write(subject, 0);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'no folder');
  for (let second = 0; second < 3; second++) {
    clock.advance(checkMs);
    await waitFor('it is over', () => clock.timers === 1);
  }
  assert.deepEqual(
    lane.lost.map(({ scope, failure }) => [scope, failure.reason]),
    [['recent', 'unsuitable']],
  );
  assert.equal((await lane.openFailure()).message, lane.lost[0]!.failure.message);
  rmSync(directory);
  await lane.open();
  // Its last second is still there.
  assert.deepEqual(lines(), texts(0));
  assert.ok(lane.lost[0]!.failure.message.includes(file));
});

test('lines of a deleted log in whose place no file can be made are counted as lost at the close', async (context) => {
  for (const unseen of [0, 1, 3]) {
    const subject = fileSubject(context);
    const { directory, file, lane, clock } = subject;
    await lane.open();
    for (const number of [0, 1]) await write(subject, number);
    // These two are seen.
    clock.advance(checkMs);
    await waitFor('it was looked', () => clock.timers === 1);
    for (let number = 0; number < unseen; number++) await write(subject, 2 + number);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'no folder');
    await lane.device.close(AbortSignal.abort());
    const what = unseen === 1 ? '1 of its lines is in no file' : `${unseen} of its lines are in no file`;
    assert.deepEqual(
      lane.lost.map(({ scope, failure }) => [scope, failure.message]),
      unseen === 0 ? [] : [[{ lines: unseen }, `Audit file "${file}" was deleted: ${what}`]],
    );
    assert.equal(clock.timers, 0);
  }
});

test('a check that comes due under a write waits for it, and is not the last', async (context) => {
  const subject = fileSubject(context);
  const { file, lane, clock, lines } = subject;
  await lane.open();
  await write(subject, 0);
  const writing = write(subject, 1);
  clock.advance(checkMs);
  await writing;
  await lane.open();
  assert.equal(clock.timers, 1);
  rmSync(file);
  clock.advance(checkMs);
  await lane.open();
  assert.deepEqual(lines(), []);
});

test('closing saves what was written to a file that was deleted a moment ago, and waits for no timer', async (context) => {
  const subject = await withSeenAndUnseen(context);
  rmSync(subject.file);
  await write(subject, 2);
  await subject.lane.device.close(AbortSignal.abort());
  assert.deepEqual(subject.lines(), texts(1, 2));
  assert.equal(subject.clock.timers, 0);
});

test('a file deleted with its folder is made anew with it', async (context) => {
  const subject = await withSeenAndUnseen(context);
  rmSync(subject.directory, { recursive: true });
  subject.clock.advance(checkMs);
  await write(subject, 2);
  assert.deepEqual(subject.lines(), texts(1, 2));
});

test('a renamed file keeps its lines, and the next ones go to a new file', async (context) => {
  const subject = await withSeenAndUnseen(context);
  renameSync(subject.file, `${subject.file}.1`);
  await write(subject, 2);
  subject.clock.advance(checkMs);
  await write(subject, 3);
  assert.deepEqual(subject.lines('audit.log.1'), texts(0, 1, 2));
  assert.deepEqual(subject.lines(), texts(3));
});

test('a renamed file goes on where no other can be opened in its place', async (context) => {
  const subject = await withSeenAndUnseen(context);
  renameSync(subject.file, `${subject.file}.1`);
  mkdirSync(subject.file);
  subject.clock.advance(checkMs);
  await write(subject, 2);
  assert.deepEqual(subject.lines('audit.log.1'), texts(0, 1, 2));
});

test('a file whose path cannot be looked at goes on, if it has a name at all', async (context) => {
  const { directory, file, lane, clock, lines } = fileSubject(context);
  chmodSync(path.dirname(directory), 0o755);
  chownSync(directory, ordinaryUser, -1);
  await asOrdinaryUser(async () => {
    await lane.deliver(linesOf(texts(0)));
    chmodSync(directory, 0o000);
    clock.advance(checkMs);
    assert.equal((await lane.write(linesOf(texts(1)))).failure, null);
    chmodSync(directory, 0o755);
    assert.deepEqual(lines(), texts(0, 1));
    rmSync(file);
    chmodSync(directory, 0o000);
    clock.advance(checkMs);
    const outcome = await lane.write(linesOf(texts(2)));
    assert.deepEqual([outcome.settled, outcome.failure?.reason], [0, 'permission']);
    chmodSync(directory, 0o755);
    await lane.deliver(linesOf(texts(2)));
  });
  // What came after the last look that could be made is there: line 0 had not been seen either.
  assert.deepEqual(lines(), texts(0, 1, 2));
});

test('a deleted file that has no heir is a failure until there is one, and its lines come then', async (context) => {
  const subject = await withSeenAndUnseen(context);
  const { file, lane, clock, lines } = subject;
  rmSync(file);
  mkdirSync(file);
  clock.advance(checkMs);
  const outcome = await lane.write(linesOf(texts(2)));
  assert.deepEqual([outcome.settled, outcome.failure?.reason], [0, 'unsuitable']);
  // As a lane sees it that had nothing to write when the check came: the first write says why all the same.
  const again = await lane.write(linesOf(texts(2)));
  assert.deepEqual(again, outcome);
  const failure = await lane.openFailure();
  assert.deepEqual([failure.reason, failure.permanent], ['unsuitable', false]);
  rmSync(file, { recursive: true });
  await lane.open();
  await write(subject, 2);
  assert.deepEqual(lines(), texts(1, 2));
});

test('half a line at the end of a deleted file is not written again', async (context) => {
  const subject = await withSeenAndUnseen(context);
  appendFileSync(subject.file, recordText(9, 200).slice(0, 50));
  rmSync(subject.file);
  await subject.lane.device.reopen(new AbortController().signal);
  assert.deepEqual(subject.lines(), texts(1));
  await write(subject, 2);
  assert.deepEqual(subject.lines(), texts(1, 2));
});

test('a file truncated in place and deleted then loses no line that came in between', async (context) => {
  const subject = await withSeenAndUnseen(context);
  const { file, lane, clock, lines } = subject;
  await write(subject, 2);
  clock.advance(checkMs);
  await lane.open();
  truncateSync(file);
  await write(subject, 3);
  rmSync(file);
  await lane.device.reopen(new AbortController().signal);
  assert.deepEqual(lines(), texts(3));
});

test('a file truncated in place goes on at its start', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  await lane.deliver(linesOf(recordTexts(0, 5, 100)));
  truncateSync(file);
  await lane.deliver(linesOf(recordTexts(5, 5, 100)));
  assert.deepEqual(lines(), recordTexts(5, 5, 100));
});

test('with sync data what is written again is on the disk too, before the next line', async (context) => {
  const syncs = failingSyncs(context, null, null, 'EIO');
  const subject = await withSeenAndUnseen(context, { sync: 'data' });
  const { file, lane, clock, lines } = subject;
  assert.equal(syncs.calls, 2);
  rmSync(file);
  clock.advance(checkMs);
  const outcome = await lane.write(linesOf(texts(2)));
  assert.deepEqual([outcome.settled, outcome.failure?.reason, syncs.calls], [0, 'io', 3]);
  // The deleted file is closed: what was in it is written again from memory.
  assert.deepEqual(descriptorsOf(subject), [file]);
  await lane.open();
  await write(subject, 2);
  assert.equal(syncs.calls, 5);
  assert.deepEqual(lines().slice(-2), texts(1, 2));
});

test('what was written to a deleted file that cannot be read is reported lost, if there was anything', async (context) => {
  const { directory, file, lane, clock } = fileSubject(context, { mode: '0200' });
  chmodSync(path.dirname(directory), 0o755);
  chownSync(directory, ordinaryUser, -1);
  writeFileSync(file, '');
  chownSync(file, ordinaryUser, -1);
  chmodSync(file, 0o200);
  await asOrdinaryUser(async () => {
    await lane.open();
    rmSync(file);
    // Made readable for its owner before it is opened, so that this one can be saved.
    await lane.device.reopen(new AbortController().signal);
    assert.deepEqual(lane.lost, []);
    await lane.write(linesOf(texts(0)));
    clock.advance(checkMs);
    await lane.open();
    rmSync(file);
    writeFileSync(file, '', { mode: 0o200 });
    await lane.device.reopen(new AbortController().signal);
    assert.deepEqual(lane.lost, []);
    await lane.write(linesOf(texts(1)));
    rmSync(file);
    await lane.device.reopen(new AbortController().signal);
  });
  assert.deepEqual(
    lane.lost.map(({ scope, failure }) => [scope, failure.reason, failure.message]),
    [['recent', 'not_found', `Audit file "${file}" was deleted: its last lines cannot be read back`]],
  );
});

/** Lets no file grow beyond so many bytes. */
function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}

/** The third of `texts(0, 1, 2)`, completed behind what has place in `bytes` bytes. */
function tornText(number: number, bytes: number): string {
  const before = texts(0, 1).join('\n').length + 1;
  return `${texts(number)[0]!.slice(0, bytes - before)}","torn":true}`;
}

/** A device whose file ends in half a line, which could neither be ended nor cut off. */
async function withHalfLine(context: TestContext, openedMeanwhile: boolean): Promise<FileSubject | null> {
  const subject = fileSubject(context);
  const { file, lane } = subject;
  await lane.open();
  try {
    execFileSync('chattr', ['+a', file], { stdio: 'ignore' });
  } catch {
    context.skip('needs root, and chattr of the package e2fsprogs on a file system that knows it');
    return null;
  }
  limitFiles(500);
  try {
    const outcome = await lane.write(linesOf(texts(0, 1, 2)));
    assert.deepEqual([outcome.settled, outcome.failure?.reason], [2, 'no_space']);
    if (openedMeanwhile) {
      const failure = await lane.openFailure();
      assert.equal(
        failure.message,
        `Cannot mend audit file "${file}": the file would be larger than the system allows`,
      );
    }
  } finally {
    limitFiles('unlimited');
    execFileSync('chattr', ['-a', file]);
  }
  assert.equal(readFileSync(file).length, 500);
  return subject;
}

test('half a line that could not be mended at once is mended before the next', async (context) => {
  const subject = await withHalfLine(context, true);
  if (subject === null) return;
  await subject.lane.open();
  await write(subject, 2);
  assert.deepEqual(subject.lines(), [...texts(0, 1), tornText(2, 500), ...texts(2)]);
  // The end of the file is known again: none of it is taken for unseen later.
  subject.clock.advance(checkMs);
  await write(subject, 3);
  rmSync(subject.file);
  await subject.lane.device.reopen(new AbortController().signal);
  assert.deepEqual(subject.lines(), texts(3));
});

test('half a line is mended too when the file has another name by then', async (context) => {
  const subject = await withHalfLine(context, true);
  if (subject === null) return;
  renameSync(subject.file, `${subject.file}.1`);
  await subject.lane.open();
  await write(subject, 2);
  assert.deepEqual(wholeLinesOf(`${subject.file}.1`), [...texts(0, 1), tornText(2, 500)]);
  assert.deepEqual(subject.lines(), texts(2));
});

test('half a line is left behind when the file is deleted by then, and its whole ones are not', async (context) => {
  const subject = await withHalfLine(context, false);
  if (subject === null) return;
  rmSync(subject.file);
  await subject.lane.open();
  await write(subject, 2);
  assert.deepEqual(subject.lines(), texts(0, 1, 2));
});

test('what came after a truncation is not taken for seen when half a line is cut off behind it', async (context) => {
  const subject = fileSubject(context);
  const { file, lane, clock, lines } = subject;
  await lane.open();
  await lane.write(linesOf(texts(0, 1, 2, 3)));
  clock.advance(checkMs);
  await lane.open();
  truncateSync(file);
  await write(subject, 4);
  limitFiles(300);
  try {
    assert.equal((await lane.write(linesOf(texts(5)))).failure?.reason, 'no_space');
  } finally {
    limitFiles('unlimited');
  }
  rmSync(file);
  await lane.device.reopen(new AbortController().signal);
  assert.deepEqual(lines(), texts(4));
});

for (const [what, plant] of [
  ['a FIFO', (file: string) => void execFileSync('mkfifo', [file])],
  ['a directory', (file: string) => mkdirSync(file)],
] as const) {
  test(`${what} in the place of a renamed log is told once, and what is written goes on under the other name`, async (context) => {
    const subject = await withSeenAndUnseen(context);
    const { file, lane, clock } = subject;
    renameSync(file, `${file}.1`);
    plant(file);
    for (let look = 2; look < 5; look++) {
      clock.advance(checkMs);
      await write(subject, look);
    }
    assert.deepEqual(wholeLinesOf(`${file}.1`), texts(0, 1, 2, 3, 4));
    assert.deepEqual(
      lane.troubles.map(({ reason }) => reason),
      ['unsuitable'],
    );
    assert.match(lane.troubles[0]!.message, new RegExp(`^Cannot open audit file "${file}": it is a`));
    // Once more, when it was over in between.
    rmSync(file, { recursive: true });
    clock.advance(checkMs);
    await write(subject, 5);
    renameSync(file, `${file}.2`);
    plant(file);
    clock.advance(checkMs);
    await write(subject, 6);
    assert.equal(lane.troubles.length, 2);
  });
}

test('a link in the place of a log is followed, but told and left alone where others can write the folder', async (context) => {
  const subject = await withSeenAndUnseen(context);
  const { directory, file, lane, clock } = subject;
  const elsewhere = path.join(directory, 'elsewhere');
  writeFileSync(elsewhere, '');
  renameSync(file, `${file}.1`);
  symlinkSync(elsewhere, file);
  chmodSync(directory, 0o777);
  clock.advance(checkMs);
  await write(subject, 2);
  assert.equal(readFileSync(elsewhere, 'utf8'), '');
  assert.deepEqual(wholeLinesOf(`${file}.1`), texts(0, 1, 2));
  assert.deepEqual(
    lane.troubles.map(({ reason, message }) => [reason, message]),
    [
      [
        'permission',
        `Cannot follow audit file "${file}": a symbolic link has taken its place, in a folder that others can write: reload to follow it`,
      ],
    ],
  );
  chmodSync(directory, 0o755);
  clock.advance(checkMs);
  await write(subject, 3);
  assert.deepEqual(wholeLinesOf(elsewhere), texts(3));
});
