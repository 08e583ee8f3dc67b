import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { linesOf, recordText, recordTexts } from './batches.ts';
import { deviceContract } from './contract.ts';
import { fileSubject } from './file-device.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { asOrdinaryUser, ordinaryUser } from './ordinary-user.ts';

const cannot = (): never => {
  throw new Error('A file cannot do that');
};

for (const sync of ['none', 'data']) {
  deviceContract(
    `file, sync ${sync}`,
    async (context) => {
      const { file, lines } = fileSubject(context);
      const options = { file_path: file, sync };
      const peer = { stop: cannot, start: cannot, pause: cannot, resume: cannot };
      return { type: 'file', options, received: () => lines(), ...peer };
    },
    { restarts: false, stalls: 'never' },
  );
}

test('discard takes every line, in any spelling', async (context) => {
  const lane = new LaneStandIn(context, 'file', { file_path: 'DisCard' });
  await lane.open();
  assert.equal((await lane.write(linesOf(recordTexts(0, 3, 100)))).settled, 3);
});

function permissions(file: string): number {
  return statSync(file).mode & 0o7777;
}

test('a new file is for its owner alone, and so are the folders above it, their group aside', async (context) => {
  const directory = temporaryDirectory(context);
  const file = path.join(directory, 'a', 'b', 'audit.log');
  await new LaneStandIn(context, 'file', { file_path: file }).open();
  assert.equal(permissions(file), 0o600);
  assert.equal(permissions(path.dirname(file)), 0o750);
  assert.equal(permissions(path.join(directory, 'a')), 0o750);
});

test('the mode is set on a file that exists, without bits for executing', async (context) => {
  const { file, lane } = fileSubject(context, { mode: '6755' });
  writeFileSync(file, '{}\n', { mode: 0o600 });
  await lane.open();
  assert.equal(permissions(file), 0o644);
});

test('mode 0000 leaves the mode as it is', async (context) => {
  const { file, lane } = fileSubject(context, { mode: '0000' });
  writeFileSync(file, '');
  chmodSync(file, 0o664);
  await lane.open();
  assert.equal(permissions(file), 0o664);
});

test('a symbolic link to a regular file is followed', async (context) => {
  const { directory, file, lane, lines } = fileSubject(context);
  writeFileSync(path.join(directory, 'target.log'), '');
  symlinkSync('target.log', file);
  await lane.deliver(linesOf(recordTexts(0, 2, 100)));
  assert.deepEqual(lines('target.log'), recordTexts(0, 2, 100));
});

const irregular: [string, (file: string, test: TestContext) => void | Promise<void>][] = [
  ['a directory', (file) => void mkdirSync(file)],
  ['a FIFO', (file) => void execFileSync('mkfifo', [file])],
  ['a device node', (file) => symlinkSync('/dev/null', file)],
  [
    'a socket',
    (file, context) =>
      new Promise((resolve) => {
        const server = createServer().listen(file, resolve);
        context.after(() => server.close());
      }),
  ],
];
for (const [what, make] of irregular) {
  test(`${what} is refused for good, without waiting on it`, async (context) => {
    const { file, lane } = fileSubject(context);
    await make(file, context);
    const failure = await lane.openFailure();
    assert.equal(failure.reason, 'unsuitable');
    assert.equal(failure.permanent, true);
    assert.ok(failure.message.startsWith(`Cannot open audit file "${file}": it is a`), failure.message);
  });
}

test('a part of the path that is no directory is refused for good', async (context) => {
  const { file } = fileSubject(context);
  writeFileSync(file, '');
  const lane = new LaneStandIn(context, 'file', { file_path: path.join(file, 'audit.log') });
  const failure = await lane.openFailure();
  assert.deepEqual([failure.reason, failure.permanent], ['unsuitable', true]);
});

test('half a line that a kill left behind is completed to one that says so, however long it is', async (context) => {
  for (const length of [1, 500, 65_536, 300_000]) {
    const { file, lane, lines } = fileSubject(context);
    const half = recordText(2, 400_000).slice(0, length);
    writeFileSync(file, `${recordText(1, 100)}\n${half}`);
    await lane.deliver(linesOf([recordText(3, 100)]));
    const torn = length === 1 ? '{"torn":true}' : `${half}","torn":true}`;
    assert.deepEqual(lines(), [recordText(1, 100), torn, recordText(3, 100)]);
  }
});

test('a file that is nothing but half a line keeps it', async (context) => {
  const { file, lane } = fileSubject(context);
  writeFileSync(file, '{"half":');
  await lane.open();
  assert.equal(readFileSync(file, 'utf8'), '{"half":null,"torn":true}\n');
});

test('half a line with its prefix is known again', async (context) => {
  const { file, lane, lines } = fileSubject(context, { prefix: '@cee: ' });
  writeFileSync(file, 'whole\n@ce');
  await lane.open();
  assert.deepEqual(lines(), ['whole', '@cee: {"torn":true}']);
});

test('a last line that cannot be ours is kept, and ended', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  writeFileSync(file, 'somebody’s notes');
  await lane.deliver(linesOf([recordText(1, 100)]));
  assert.deepEqual(lines(), ['somebody’s notes', recordText(1, 100)]);
});

test('in an append-only file half a line is completed as in any other', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  writeFileSync(file, '{"half":', { mode: 0o600 });
  try {
    execFileSync('chattr', ['+a', file], { stdio: 'ignore' });
  } catch {
    context.skip('needs root, and chattr of the package e2fsprogs on a file system that knows it');
    return;
  }
  try {
    await lane.deliver(linesOf([recordText(1, 100)]));
    assert.deepEqual(lines(), ['{"half":null,"torn":true}', recordText(1, 100)]);
  } finally {
    execFileSync('chattr', ['-a', file]);
  }
});

test('a folder that is not writable is said so, and for good only before the first open', async (context) => {
  const { directory, file, lane } = fileSubject(context);
  chmodSync(path.dirname(directory), 0o755);
  chownSync(directory, ordinaryUser, -1);
  chmodSync(directory, 0o555);
  await asOrdinaryUser(async () => {
    const failure = await lane.openFailure();
    assert.equal(failure.message, `Cannot open audit file "${file}": directory is not writable`);
    assert.deepEqual([failure.reason, failure.permanent], ['permission', true]);
  });
  chmodSync(directory, 0o755);
  await asOrdinaryUser(async () => {
    await lane.deliver(linesOf(recordTexts(0, 1, 100)));
    renameSync(file, `${file}.1`);
    chmodSync(directory, 0o555);
    await assert.rejects(lane.device.reopen(new AbortController().signal), (error) => {
      const failure = lane.checked(error);
      assert.deepEqual([failure.reason, failure.permanent], ['permission', false]);
      return true;
    });
    assert.equal((await lane.write(linesOf(recordTexts(1, 1, 100)))).settled, 1);
  });
});

test('a file that may be written but not read takes lines', async (context) => {
  const { directory, file, lane } = fileSubject(context, { mode: '0200' });
  chmodSync(path.dirname(directory), 0o755);
  chownSync(directory, ordinaryUser, -1);
  appendFileSync(file, 'half');
  chownSync(file, ordinaryUser, -1);
  chmodSync(file, 0o200);
  await asOrdinaryUser(() => lane.deliver(linesOf([recordText(1, 100)])));
  chmodSync(file, 0o600);
  assert.deepEqual(readFileSync(file, 'utf8'), `half\n${recordText(1, 100)}\n`);
});

test('somebody else’s file whose mode cannot be set is refused', async (context) => {
  if (process.geteuid!() !== 0) {
    context.skip('needs root, to make a file that is not its own');
    return;
  }
  const { directory, file, lane } = fileSubject(context);
  chmodSync(path.dirname(directory), 0o755);
  chmodSync(directory, 0o755);
  writeFileSync(file, '');
  chmodSync(file, 0o666);
  await asOrdinaryUser(async () => {
    const failure = await lane.openFailure();
    assert.equal(failure.message, `Cannot set mode 0600 of audit file "${file}": not permitted`);
  });
});

test('with sync data each write is on the disk by one fdatasync', async (context) => {
  const { directory } = fileSubject(context);
  const trace = path.join(directory, 'trace');
  const script = `
    import { systemClock } from ${JSON.stringify(new URL('../../daemon/clock.js', import.meta.url).href)};
    import { parseDevice } from ${JSON.stringify(new URL('../../devices/registry.js', import.meta.url).href)};
    const options = { file_path: ${JSON.stringify(path.join(directory, 'audit.log'))}, sync: 'data' };
    const device = parseDevice('file', options).create({ path: 'f/', clock: systemClock, onLost() {}, onTrouble() {}, peerBounds: null });
    const { signal } = new AbortController();
    await device.open(signal);
    const bytes = Buffer.from('{"a":1}\\n{"a":2}\\n');
    for (let i = 0; i < 3; i++) await device.write({ bytes, ends: Uint32Array.of(8, 16) }, signal);
    await device.close();`;
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
  } catch {
    context.skip('install strace');
    return;
  }
  const node = [process.execPath, '--input-type=module', '-e', script];
  execFileSync('strace', ['-f', '-qq', '-e', 'trace=fdatasync,fsync', '-o', trace, ...node]);
  const calls = readFileSync(trace, 'utf8').match(/f(?:data)?sync\(/g);
  assert.deepEqual(calls, ['fdatasync(', 'fdatasync(', 'fdatasync(']);
});
