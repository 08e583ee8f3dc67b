import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { takeStateLock } from '../../../daemon/state/state-lock.ts';
import { StateRefused } from '../../../daemon/state/state-refused.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { around, openDescriptors } from './file-calls.ts';

/** A state directory, the folder of its lock, and what must be as before when an opening is over. */
function place(t: TestContext) {
  const folder = temporaryDirectory(t);
  const lock = path.join(folder, 'lock');
  mkdirSync(lock, { mode: 0o700 });
  return { folder, lock, names: (): string[] => readdirSync(lock).sort() };
}

/** Something else happens before a file call, at its first time or each time. */
function before(
  t: TestContext,
  name: string,
  happens: (values: readonly unknown[], time: number) => Promise<void> | void,
): void {
  let time = 0;
  around(
    t,
    promises,
    name,
    (original) =>
      async function (this: unknown, ...values) {
        await happens(values, ++time);
        return original.apply(this, values);
      },
  );
}

/** Another process that holds the lock under a number. */
async function holder(t: TestContext, file: string): Promise<void> {
  const server = net.createServer((socket) => socket.end('4711\n'));
  t.after(() => server.close());
  server.listen(file);
  await once(server, 'listening');
}

async function refused(folder: string, message: RegExp): Promise<void> {
  await assert.rejects(takeStateLock(folder), (error: unknown) => {
    assert.ok(error instanceof StateRefused, String(error));
    assert.match(error.message, message);
    return true;
  });
}

function failing(code: string): Error {
  return Object.assign(new Error(`${code}: it fails`), { code });
}

test('a lock is number 1 in an empty folder, whatever else lies there, and dead ones are gone with it', async (t) => {
  const { folder, lock, names } = place(t);
  for (const name of ['README', '.new-0', '01.sock', '1.sock.bak']) writeFileSync(path.join(lock, name), '');
  const first = await takeStateLock(folder);
  assert.deepEqual(names(), ['1.sock']);
  await first.release();
  const second = await takeStateLock(folder);
  assert.deepEqual(names(), ['2.sock']);
  await second.release();
});

test('taking, losing and leaving a lock leave no descriptor open', async (t) => {
  const { folder } = place(t);
  const before = openDescriptors();
  const lock = await takeStateLock(folder);
  const held = openDescriptors();
  assert.ok(held > before);
  await refused(folder, /belongs to the running process /);
  await waitFor('the greeting is over', () => openDescriptors() === held);
  await lock.release();
  assert.equal(openDescriptors(), before);
});

test('what the operating system says in the way of a lock is told', async (t) => {
  const { folder, lock } = place(t);
  const before = openDescriptors();
  symlinkSync('1.sock', path.join(lock, '1.sock'));
  await refused(folder, /^Cannot lock state directory ".*": too many .*; it has to be writable, /);
  rmSync(lock, { recursive: true });
  writeFileSync(lock, '');
  await refused(folder, /^Cannot lock state directory ".*": not a directory; /);
  assert.equal(openDescriptors(), before);
});

test('a folder that cannot be made is told, not that it is missing', async (t) => {
  const { folder, lock } = place(t);
  rmSync(lock, { recursive: true });
  before(t, 'mkdir', () => {
    throw failing('EROFS');
  });
  await refused(folder, /^Cannot lock state directory ".*": (?!no such file)/);
});

test('a folder that vanishes under the lock is told', async (t) => {
  const { folder, lock } = place(t);
  around(
    t,
    promises,
    'readdir',
    (original) =>
      async function (this: unknown, ...values) {
        const names = await original.apply(this, values);
        rmSync(lock, { recursive: true });
        return names;
      },
  );
  await refused(folder, /^Cannot lock state directory ".*": (no such file|permission denied|.*not )/);
});

test('a number that is gone before it is looked at is looked for again', async (t) => {
  const { folder, names } = place(t);
  let looks = 0;
  around(
    t,
    promises,
    'readdir',
    (original) =>
      async function (this: unknown, ...values) {
        return looks++ === 0 ? ['7.sock'] : original.apply(this, values);
      },
  );
  const lock = await takeStateLock(folder);
  assert.deepEqual(names(), ['1.sock']);
  await lock.release();
});

test('a number that another process takes first is its own', async (t) => {
  const { folder, lock, names } = place(t);
  before(t, 'link', () => holder(t, path.join(lock, '1.sock')));
  const descriptors = openDescriptors();
  await refused(folder, /belongs to the running process 4711;/);
  assert.deepEqual(names(), ['1.sock']);
  // The other process is this one here: its listening socket.
  await waitFor('nothing else is open', () => openDescriptors() === descriptors + 1);
});

test('a number that was free because another process went past it is given back', async (t) => {
  const { folder, lock, names } = place(t);
  before(t, 'link', () => holder(t, path.join(lock, '2.sock')));
  const descriptors = openDescriptors();
  await refused(folder, /belongs to the running process 4711;/);
  assert.deepEqual(names(), ['2.sock']);
  await waitFor('nothing else is open', () => openDescriptors() === descriptors + 1);
});

test('a name that another process swept away is made anew', async (t) => {
  const { folder, names } = place(t);
  const descriptors = openDescriptors();
  before(t, 'link', ([from], time) => {
    if (time <= 2) unlinkSync(from as string);
  });
  const lock = await takeStateLock(folder);
  assert.deepEqual(names(), ['1.sock']);
  await refused(folder, new RegExp(`belongs to the running process ${process.pid};`));
  await lock.release();
  await waitFor('all is closed', () => openDescriptors() === descriptors);
});

test('a file system without hard links is told', async (t) => {
  const { folder, names } = place(t);
  before(t, 'link', () => {
    throw failing('EPERM');
  });
  await refused(
    folder,
    /^Cannot lock state directory ".*": .*; it has to be .* with sockets and hard links$/,
  );
  assert.deepEqual(names(), []);
});

test('clients that leave at once, or say something, do the lock no harm', async (t) => {
  const { folder, lock } = place(t);
  const held = await takeStateLock(folder);
  const descriptors = openDescriptors();
  for (let client = 0; client < 30; client++) {
    const socket = net.connect(path.join(lock, '1.sock'));
    await once(socket, 'connect');
    if (client % 2 === 0) socket.destroy();
    else socket.resume().end('who is there?\n'.repeat(1000));
    await once(socket, 'close');
  }
  await waitFor('all are gone', () => openDescriptors() === descriptors);
  await refused(folder, /belongs to/);
  await held.release();
});

test('a lock does not keep a process from ending', (t) => {
  const { folder } = place(t);
  const module = new URL('../../../daemon/state/state-lock.js', import.meta.url).href;
  const script = `import { takeStateLock } from '${module}'; await takeStateLock('${folder}'); console.log('held');`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.deepEqual([status, stdout], [0, 'held\n']);
});
