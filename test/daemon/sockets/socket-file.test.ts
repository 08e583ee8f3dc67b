import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type ClaimedSocket,
  claimSocketPath,
  SocketPathRefused,
} from '../../../daemon/sockets/socket-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const plain = { mode: 0o600, group: null };

interface Listening {
  readonly claim: ClaimedSocket;
  readonly server: net.Server;
}

async function listening(
  t: TestContext,
  file: string,
  options: { mode: number; group: string | null } = plain,
): Promise<Listening> {
  const server = net.createServer((socket) => {
    // A process that only looks whether somebody is there hangs up at once.
    socket.on('error', () => {});
    socket.end('hello');
  });
  t.after(() => server.close());
  const claim = await claimSocketPath(file, options);
  await claim.listen(server);
  return { claim, server };
}

async function greeting(file: string): Promise<string> {
  const socket = net.connect(file);
  const [bytes] = await once(socket, 'data');
  socket.destroy();
  return String(bytes);
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  let message = '';
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof SocketPathRefused, String(error));
    message = error.message;
    return true;
  });
  return message;
}

/** Leaves the socket file of a process that was killed at `file`. */
async function deadSocket(file: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(file)}, () => process.stdout.write('x'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(lstatSync(file).isSocket());
}

test('a claimed path is listened on with the mode asked for, whatever the umask is', async (t) => {
  const folder = temporaryDirectory(t);
  for (const [umask, mode] of [
    [0o077, 0o666],
    [0, 0o600],
    [0o022, 0o660],
  ] as const) {
    const before = process.umask(umask);
    try {
      const file = path.join(folder, mode.toString(8), 'sub', 'ingest.sock');
      const { claim, server } = await listening(t, file, { mode, group: null });
      assert.equal(statSync(file).mode & 0o777, mode);
      assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o755);
      assert.equal(await greeting(file), 'hello');
      assert.deepEqual(readdirSync(path.dirname(file)), ['ingest.sock'], 'nothing else is left there');
      await claim.release();
      assert.equal(existsSync(file), false);
      server.close();
    } finally {
      process.umask(before);
    }
  }
});

test('nothing is written outside the folder of the socket', async (t) => {
  const above = temporaryDirectory(t);
  mkdirSync(path.join(above, 'run'));
  const before = statSync(above, { bigint: true }).mtimeNs;
  await listening(t, path.join(above, 'run', 's.sock'));
  assert.equal(statSync(above, { bigint: true }).mtimeNs, before);
});

test('the socket of a dead process is replaced', async (t) => {
  const file = path.join(temporaryDirectory(t), 's.sock');
  await deadSocket(file);
  await listening(t, file);
  assert.equal(await greeting(file), 'hello');
  assert.deepEqual(readdirSync(path.dirname(file)), ['s.sock']);
});

test('the socket of a living process is refused and goes on', async (t) => {
  const file = path.join(temporaryDirectory(t), 's.sock');
  await listening(t, file);
  const before = lstatSync(file).ino;
  assert.equal(
    await refusal(() => claimSocketPath(file, plain)),
    `Cannot listen on "${file}": a running process listens there`,
  );
  assert.equal(lstatSync(file).ino, before);
  assert.equal(await greeting(file), 'hello');
});

test('a process that takes the path between the claim and the listen keeps it', async (t) => {
  const file = path.join(temporaryDirectory(t), 's.sock');
  const claim = await claimSocketPath(file, plain);
  await listening(t, file);
  const server = net.createServer();
  assert.match(await refusal(() => claim.listen(server)), /a running process listens there/);
  assert.equal(server.listening, false);
  assert.equal(await greeting(file), 'hello');
  await claim.release();
  assert.equal(await greeting(file), 'hello');
  assert.deepEqual(readdirSync(path.dirname(file)), ['s.sock']);
});

test('of two that claim a path with a dead socket at once, one gets it', async (t) => {
  const folder = temporaryDirectory(t);
  for (let round = 0; round < 8; round++) {
    const file = path.join(folder, `${round}.sock`);
    await deadSocket(file);
    const results = await Promise.allSettled([1, 2].map(() => listening(t, file)));
    const won = results.filter((result) => result.status === 'fulfilled');
    for (const result of results) {
      if (result.status === 'rejected') assert.ok(result.reason instanceof SocketPathRefused);
    }
    assert.equal(won.length, 1);
    assert.equal(await greeting(file), 'hello');
  }
});

test('what is not a socket is refused and left as it is', async (t) => {
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'file');
  writeFileSync(file, 'precious');
  const link = path.join(folder, 'link');
  symlinkSync(file, link);
  const directory = path.join(folder, 'directory');
  mkdirSync(directory);
  for (const taken of [file, link, directory]) {
    assert.match(
      await refusal(() => claimSocketPath(taken, plain)),
      /other than a socket, which is left as it is$/,
    );
  }
  assert.equal(readFileSync(file, 'utf8'), 'precious');
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.match(await refusal(() => claimSocketPath(path.join(file, 's'), plain)), /: not a directory$/);
});

test('a path of 107 bytes works and one of 108 is refused before anything is made', async (t) => {
  const folder = temporaryDirectory(t);
  const longest = path.join(folder, 'd'.repeat(107 - folder.length - 3), 's');
  assert.equal(Buffer.byteLength(longest), 107);
  const { server } = await listening(t, longest);
  assert.equal(await greeting(longest), 'hello');
  server.close();
  await once(server, 'close');
  assert.match(
    await refusal(() => claimSocketPath(`${longest}s`, plain)),
    /108 bytes, and the path of a UNIX socket can have 107$/,
  );
  const umlauts = path.join(folder, 'new', 'ü'.repeat(60));
  assert.match(await refusal(() => claimSocketPath(umlauts, plain)), /a UNIX socket can have 107$/);
  assert.equal(existsSync(path.join(folder, 'new')), false);
});

test('a socket is given to a group by name or by number', async (t) => {
  const folder = temporaryDirectory(t);
  const own = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, , number]) => Number(number) === process.getgid!() && number !== '');
  if (own !== undefined) {
    const file = path.join(folder, 'name.sock');
    await listening(t, file, { mode: 0o660, group: own[0]! });
    assert.equal(statSync(file).gid, process.getgid!());
  }
  // Root may give to any group, and others to those they are in.
  const other = process.getuid!() === 0 ? 12 : process.getgroups!()[0]!;
  const file = path.join(folder, 'number.sock');
  await listening(t, file, { mode: 0o660, group: String(other) });
  assert.equal(statSync(file).gid, other);
  assert.equal(statSync(file).mode & 0o777, 0o660);
});

test('an unknown group is refused before anything is made', async (t) => {
  const file = path.join(temporaryDirectory(t), 'sub', 's.sock');
  const message = await refusal(() => claimSocketPath(file, { mode: 0o660, group: 'no-such-group' }));
  assert.equal(message, `Cannot listen on "${file}": group "no-such-group" is not in /etc/group`);
  assert.equal(existsSync(path.dirname(file)), false);
});

test('release leaves a socket alone that somebody else has put there since', async (t) => {
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 's.sock');
  const first = await listening(t, file);
  renameSync(file, path.join(folder, 'moved.sock'));
  await listening(t, file);
  await first.claim.release();
  first.server.close();
  await once(first.server, 'close');
  assert.equal(await greeting(file), 'hello');
});
