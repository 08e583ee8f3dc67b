import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { linesSoFar, wholeLines } from '../support/whole-lines.ts';
import { linesOf, recordTexts } from './batches.ts';
import { deviceContract, type Subject } from './contract.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { RemoteStdout } from './remote-stdout.ts';

const never = (): never => {
  throw new Error('Standard output cannot do that');
};

function streamSubject(context: TestContext, through?: string): Subject {
  const device = new RemoteStdout('pipe', through);
  context.after(() => device.end());
  const chunks: Buffer[] = [];
  const output = device.child.stdout!;
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    type: 'file',
    options: {},
    device,
    received: () => wholeLines(Buffer.concat(chunks).toString()),
    pause: () => void output.pause(),
    resume: () => void output.resume(),
    start: never,
    stop: never,
  };
}

deviceContract('standard output to a socket', async (context) => streamSubject(context), {
  restarts: false,
  stalls: 'waits',
});

deviceContract('standard output to a pipe', async (context) => streamSubject(context, '"$0" "$1" | cat'), {
  restarts: false,
  stalls: 'waits',
});

deviceContract(
  'standard output to a file',
  async (context) => {
    const file = path.join(temporaryDirectory(context), 'out');
    const fd = openSync(file, 'w');
    const device = new RemoteStdout(fd);
    closeSync(fd);
    context.after(() => device.end());
    const received = (): string[] => linesSoFar(file);
    return {
      type: 'file',
      options: {},
      device,
      received,
      start: never,
      stop: never,
      pause: never,
      resume: never,
    };
  },
  { restarts: false, stalls: 'never' },
);

test('standard output whose reader is gone is a failure, not the end of the process', async (context) => {
  const device = new RemoteStdout('pipe');
  context.after(() => device.end());
  const lane = new LaneStandIn(context, 'file', {}, device);
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  device.child.stdout!.destroy();
  await waitFor('a write fails', async () => {
    const outcome = await lane.write(linesOf(recordTexts(1, 1, 100)));
    return outcome.failure?.reason === 'closed';
  });
  assert.equal((await lane.openFailure()).reason, 'closed');
  assert.ok(device.child.connected);
});

test('a write behind one that was given up comes when the reader reads again, whole and in order', async (context) => {
  const { device, received, pause, resume } = streamSubject(context);
  const lane = new LaneStandIn(context, 'file', {}, device);
  const texts = recordTexts(0, 3000, 1000);
  await lane.deliver(linesOf(texts.slice(0, 1)));
  await waitFor('the first line is there', () => received().length === 1);
  pause();
  const controller = new AbortController();
  const givenUp = lane.write(linesOf(texts.slice(1, -1)), controller.signal);
  controller.abort();
  const { settled, failure } = await givenUp;
  assert.equal(failure?.reason, 'aborted');
  await lane.open();
  const behind = lane.write(linesOf(texts.slice(-1)));
  // Answered in the order asked: the child has the write, and its reader reads nothing.
  await device!.reopen(new AbortController().signal);
  resume();
  assert.equal((await behind).failure, null);
  await waitFor('the last line is there', () => received().at(-1) === texts.at(-1));
  const before = received().slice(0, -1);
  assert.deepEqual(before, texts.slice(0, before.length));
  assert.ok(before.length > settled && before.length < texts.length - 1);
});

test('standard output to a full disk ends a torn line that does not come again', async (context) => {
  const file = path.join(temporaryDirectory(context), 'out');
  const device = new RemoteStdout('pipe', `ulimit -S -f 8; exec "$0" "$1" >'${file}'`);
  context.after(() => device.end());
  const lane = new LaneStandIn(context, 'file', {}, device);
  const limit = (bytes: number | 'unlimited'): void => {
    execFileSync('prlimit', ['--pid', String(device.child.pid), `--fsize=${bytes}:unlimited`]);
  };
  const texts = recordTexts(0, 10, 1000);
  const others = recordTexts(20, 3, 1000);
  await lane.open();
  assert.equal((await lane.write(linesOf(texts))).settled, 4);
  await lane.open();
  // Not a byte more, then one: the newline.
  assert.equal((await lane.write(linesOf(others))).settled, 0);
  limit(4097);
  await lane.open();
  assert.equal((await lane.write(linesOf(others))).settled, 0);
  limit('unlimited');
  await lane.deliver(linesOf(others));
  const half = texts[4]!.slice(0, 4096 - 4 * 1001);
  assert.equal(readFileSync(file, 'utf8'), [...texts.slice(0, 4), half, ...others, ''].join('\n'));
});

test('standard output to a full disk completes the torn line when there is room', async (context) => {
  const file = path.join(temporaryDirectory(context), 'out');
  // A file may hold 8 blocks of 512 bytes in the child, until the limit is lifted.
  const device = new RemoteStdout('pipe', `ulimit -S -f 8; exec "$0" "$1" >'${file}'`);
  context.after(() => device.end());
  const lane = new LaneStandIn(context, 'file', {}, device);
  const texts = recordTexts(0, 10, 1000);
  await lane.open();
  const outcome = await lane.write(linesOf(texts));
  assert.equal(outcome.failure?.reason, 'no_space');
  assert.equal(outcome.settled, 4);
  execFileSync('prlimit', ['--pid', String(device.child.pid), '--fsize=unlimited']);
  await lane.deliver(linesOf(texts.slice(4)));
  assert.deepEqual(linesSoFar(file), texts);
});

test('standard output to a terminal that is halted waits, and goes on', async (context) => {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' });
  } catch {
    context.skip('install script (of the packages bsdutils or util-linux)');
    return;
  }
  const { device, received, pause, resume } = streamSubject(context, `script -qec "'$0' '$1'" /dev/null`);
  const lane = new LaneStandIn(context, 'file', {}, device);
  const texts = recordTexts(0, 3000, 1000);
  await lane.deliver(linesOf(texts.slice(0, 1)));
  await waitFor('the first line is there', () => received().length === 1);
  pause();
  let written = false;
  const rest = lane.write(linesOf(texts.slice(1))).finally(() => {
    written = true;
  });
  // Its main thread is free: it answers, with more to write than a terminal and a pipe hold.
  await device!.reopen(new AbortController().signal);
  assert.equal(written, false);
  resume();
  assert.equal((await rest).failure, null);
  await waitFor('every line is there', () => received().length >= texts.length);
  assert.deepEqual(
    received().map((text) => text.replace('\r', '')),
    texts,
  );
});
