import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Daemon } from '../../daemon/daemon.ts';
import { ReloadRefused, StartRefused } from '../../daemon/daemon-state.ts';
import type { Configuration } from '../../daemon/table/configuration.ts';
import type { Device } from '../../devices/device.ts';
import { fileDevice } from '../support/daemon-process.ts';
import { configurationIn, heldByProcess, startInProcess } from '../support/in-process-daemon.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const twoDevices = {
  'file/': fileDevice,
  'out/': { type: 'file', options: { file_path: 'stdout' } },
};

/** Everything that a reload can move, elsewhere. */
const elsewhere = {
  listeners: [{ path: 'FOLDER/ingest-2.sock' }, { http: '127.0.0.1:0' }],
  admin: { path: 'FOLDER/admin-2.sock' },
  metrics: { listen: 'FOLDER/metrics-2.sock' },
  devices: { 'other/': { type: 'file', options: { file_path: 'FOLDER/other.log' } } },
};

function socketsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.sock'));
}

/** Waits until the process holds what it held, which an end that was awaited gives back soon after at most. */
async function givenBack(before: string, what = ''): Promise<void> {
  await waitFor('everything is given back', () => heldByProcess() === before, 10_000).catch(() => {});
  assert.equal(heldByProcess(), before, what);
}

async function recordedBy(t: TestContext, socketPath: string, number: number): Promise<void> {
  const client = await RecordClient.connect(t, socketPath);
  client.send(numberedRecord(number));
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
  client.socket.destroy();
}

/** The same configuration, with a device at `path` whose calls are those of `device`. */
function withDevice(configuration: Configuration, path: string, device: Partial<Device>): Configuration {
  const parsed = configuration.devices.get(path)!;
  const create: typeof parsed.create = (settings) => {
    const real = parsed.create(settings);
    return {
      tailBytes: real.tailBytes,
      open: (signal) => real.open(signal),
      write: (lines, signal) => real.write(lines, signal),
      reopen: (signal) => real.reopen(signal),
      close: (signal) => real.close(signal),
      ...device,
    };
  };
  return {
    ...configuration,
    devices: new Map([...configuration.devices, [path, { ...parsed, create }]]),
  };
}

test('a daemon that has stopped holds nothing any more, and says what each step of its stop took', async (t) => {
  const folder = temporaryDirectory(t);
  const configuration = await configurationIn(folder, { devices: twoDevices });
  // What is made once for a process is made by the first one.
  const first = startInProcess(t, configuration);
  await first.daemon.started;
  assert.equal(await first.daemon.stop(), true);
  const before = heldByProcess();
  for (let time = 0; time < 3; time++) {
    const { daemon, clock, log } = startInProcess(t, configuration);
    assert.equal(daemon.phase, 'starting');
    await daemon.started;
    assert.equal(daemon.phase, 'running');
    assert.notEqual(heldByProcess(), before);
    assert.deepEqual(socketsIn(folder).sort(), ['admin.sock', 'ingest.sock', 'metrics.sock']);
    assert.equal(await daemon.stop(), true);
    assert.equal(daemon.phase, 'stopping');
    await givenBack(before, log.join('\n'));
    assert.equal(clock.timers, 0);
    assert.deepEqual(socketsIn(folder), []);
    const steps = log.flatMap(
      (line) => /^debug stop step done step="?([a-z ]+)"? ms=\d+$/.exec(line)?.[1] ?? [],
    );
    assert.deepEqual(steps, [
      'listeners',
      'changes',
      'admin',
      'devices',
      'watchdog',
      'monitoring',
      'state directory',
      'metrics',
    ]);
  }
});

test('two daemons in one process know nothing of each other', async (t) => {
  const folders = [temporaryDirectory(t), temporaryDirectory(t)];
  const started: Daemon[] = [];
  for (const folder of folders) {
    const configuration = await configurationIn(folder, { devices: { 'file/': fileDevice } });
    started.push(startInProcess(t, configuration).daemon);
  }
  await Promise.all(started.map((daemon) => daemon.started));
  const [one, two] = started;
  const [, second] = folders;
  for (const [index, folder] of folders.entries()) {
    await recordedBy(t, path.join(folder, 'ingest.sock'), index);
  }
  assert.equal(one!.statusText, '1 of 1 devices take records, 1 records recorded');
  assert.equal(await one!.stop(), true);
  await recordedBy(t, path.join(second!, 'ingest.sock'), 2);
  assert.equal(two!.statusText, '1 of 1 devices take records, 2 records recorded');
  assert.equal(await two!.stop(), true);
});

test('a second daemon on the same state is refused, and the first goes on', async (t) => {
  const folder = temporaryDirectory(t);
  const configuration = await configurationIn(folder, { devices: { 'file/': fileDevice } });
  const [one, two] = [startInProcess(t, configuration), startInProcess(t, configuration)];
  const ends = await Promise.allSettled([one.daemon.started, two.daemon.started]);
  assert.deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const [winner, loser] = ends[0]!.status === 'fulfilled' ? [one, two] : [two, one];
  assert.equal(loser.daemon.phase, 'stopping');
  assert.equal(await loser.daemon.stop(), true);
  await recordedBy(t, path.join(folder, 'ingest.sock'), 1);
  assert.equal(await winner.daemon.stop(), true);
});

test('a start that fails halfway leaves nothing behind, wherever that is', async (t) => {
  const folder = temporaryDirectory(t);
  const inFolder = (name: string): string => path.join(folder, name);
  const taken = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  t.after(() => taken.close());
  writeFileSync(inFolder('token'), 'a-token-long-enough', { mode: 0o600 });
  const { port } = taken.address() as net.AddressInfo;
  const devices = { devices: twoDevices };
  const obstacles: [what: string, overrides: object, make: () => void, refusal: RegExp][] = [
    ['state', { state_dir: 'FOLDER/wall/state' }, () => {}, /^StateRefused: .*wall\/state/],
    ['table', {}, () => writeFileSync(inFolder('state/table.json'), '{'), /^StateRefused: .*device table/],
    ['metrics', { metrics: { listen: 'FOLDER/wall' } }, () => {}, /^SocketPathRefused: .*wall/],
    [
      'device',
      { require: 'all' },
      () => mkdirSync(inFolder('audit.log')),
      /^DevicesRefused: .*it is a directory/,
    ],
    ['admin', { admin: { path: 'FOLDER/wall' } }, () => {}, /^SocketPathRefused: .*wall/],
    [
      'admin over TCP',
      { admin: { path: 'FOLDER/a.sock', tcp: { address: `127.0.0.1:${port}`, token_file: 'FOLDER/token' } } },
      () => {},
      /^ListenRefused: .*address already in use/,
    ],
    [
      'second listener',
      { listeners: [{ path: 'FOLDER/ingest.sock' }, { path: 'FOLDER/wall' }] },
      () => {},
      /^SocketPathRefused: .*wall/,
    ],
  ];
  const good = await configurationIn(folder, devices);
  const once = startInProcess(t, good).daemon;
  await once.started;
  await once.stop();
  const before = heldByProcess();
  const salts = readdirSync(inFolder('state/salts'));
  for (const [what, overrides, make, refusal] of obstacles) {
    rmSync(inFolder('audit.log'), { recursive: true, force: true });
    writeFileSync(inFolder('wall'), '');
    const configuration = await configurationIn(folder, { ...devices, ...overrides });
    make();
    const { daemon, clock } = startInProcess(t, configuration);
    await assert.rejects(daemon.started, refusal, what);
    assert.equal(daemon.phase, 'stopping', what);
    await givenBack(before, what);
    assert.equal(clock.timers, 0, what);
    assert.deepEqual(socketsIn(folder), [], what);
    assert.deepEqual(readdirSync(inFolder('state/salts')), salts, what);
    assert.equal(await daemon.stop(), true, what);
    await assert.rejects(daemon.reload(good), /Cannot reload: the daemon is stopping/);
    rmSync(inFolder('wall'));
    rmSync(inFolder('audit.log'), { recursive: true, force: true });
    rmSync(inFolder('state/table.json'), { force: true });
    const next = startInProcess(t, good).daemon;
    await next.started;
    assert.equal(await next.stop(), true);
  }
});

/** Stops a daemon before anything else that waits goes on. */
function soon(daemon: Daemon): Promise<boolean> {
  return Promise.resolve().then(() => daemon.stop());
}

/** What a start and a reload log on their way: a stop comes right behind each. */
const moments = ['monitoring', 'device enabled', 'admin', 'listening'];

test('a stop during the start ends it there and undoes what had started', async (t) => {
  const folder = temporaryDirectory(t);
  const configuration = await configurationIn(folder, { devices: twoDevices });
  const once = startInProcess(t, configuration).daemon;
  await once.started;
  await once.stop();
  const before = heldByProcess();
  for (const moment of ['', ...moments]) {
    let stopped: Promise<boolean> | null = null;
    const { daemon, clock, log } = startInProcess(t, configuration, {
      onLine: (line, daemon) => {
        if (moment !== '' && line.startsWith(`info  ${moment} `)) stopped ??= soon(daemon);
      },
    });
    if (moment === '') stopped = daemon.stop();
    await assert.rejects(daemon.started, StartRefused, moment);
    assert.equal(await stopped, true, moment);
    assert.equal(daemon.phase, 'stopping');
    await givenBack(before, `${moment}: ${log.join('\n')}`);
    assert.equal(clock.timers, 0);
    assert.deepEqual(socketsIn(folder), [], moment);
    // Nothing is begun that comes behind that moment.
    const later = moments.slice(moments.indexOf(moment) + 1);
    for (const each of later) {
      assert.ok(!log.some((line) => line.startsWith(`info  ${each} `)), `${moment}: ${log.join('\n')}`);
    }
  }
});

test('a stop does not wait for a device that hangs as it opens for the first time', async (t) => {
  const folder = temporaryDirectory(t);
  const plain = await configurationIn(folder, { devices: twoDevices });
  let opening = false;
  const hanging = withDevice(plain, 'file/', {
    open: () => {
      opening = true;
      return new Promise(() => {});
    },
  });
  const { daemon } = startInProcess(t, hanging, { speed: 1 });
  await waitFor('the device is being opened', () => opening);
  const stopped = daemon.stop();
  await stopped;
  await assert.rejects(daemon.started, StartRefused);
  assert.deepEqual(socketsIn(folder), []);
});

test('a stop ends a reload that waits for a device, however long that would last', async (t) => {
  const folder = temporaryDirectory(t);
  const after = await configurationIn(folder, elsewhere);
  const configuration = await configurationIn(folder, { devices: twoDevices });
  // Nothing ends here because its time is over.
  const { daemon } = startInProcess(t, configuration, { speed: 1e-5 });
  await daemon.started;
  let opening = false;
  const hanging = withDevice(after, 'other/', {
    open: () => {
      opening = true;
      return new Promise(() => {});
    },
  });
  const reload = assert.rejects(daemon.reload(hanging), ReloadRefused);
  await waitFor('the device is being opened', () => opening);
  assert.equal(await daemon.stop(), true);
  await reload;
  assert.deepEqual(socketsIn(folder), []);
});

test('several stops are one, also while it is under way', async (t) => {
  const folder = temporaryDirectory(t);
  const { daemon, log } = startInProcess(t, await configurationIn(folder, { devices: twoDevices }));
  await daemon.started;
  const first = daemon.stop();
  const second = daemon.stop();
  assert.deepEqual(await Promise.all([first, second]), [true, true]);
  assert.equal(await daemon.stop(), true);
  assert.equal(log.filter((line) => line.includes('step=devices')).length, 1);
});

test('a stop during a reload: it is made as a whole or not at all, and everything is given back', async (t) => {
  const folder = temporaryDirectory(t);
  const after = await configurationIn(folder, elsewhere);
  const configuration = await configurationIn(folder, { devices: twoDevices });
  const once = startInProcess(t, configuration).daemon;
  await once.started;
  await once.reload(after);
  await once.stop();
  const before = heldByProcess();
  const outcomes = new Set<string>();
  for (const moment of ['at once', 'open', ...moments, 'device disabled', 'listener closed', 'salt kept']) {
    let stopped: Promise<boolean> | null = null;
    let reloading = false;
    const { daemon, clock, log } = startInProcess(t, configuration, {
      onLine: (line, daemon) => {
        if (reloading && line.startsWith(`info  ${moment} `)) stopped ??= soon(daemon);
      },
    });
    await daemon.started;
    reloading = true;
    const next = withDevice(after, 'other/', {
      open: async () => {
        if (moment === 'open') stopped ??= soon(daemon);
      },
    });
    const reloaded = daemon.reload(next).then(
      () => 'made',
      (error: unknown) => {
        assert.ok(error instanceof ReloadRefused, String(error));
        return error.message;
      },
    );
    if (moment === 'at once') stopped = daemon.stop();
    const outcome = await reloaded;
    outcomes.add(outcome);
    assert.ok(stopped !== null || outcome === 'made', moment);
    assert.equal(await (stopped ?? daemon.stop()), true, `${moment}: ${log.join('\n')}`);
    await givenBack(before, `${moment}: ${log.join('\n')}`);
    assert.equal(clock.timers, 0, moment);
    assert.deepEqual(socketsIn(folder), [], moment);
  }
  assert.deepEqual([...outcomes].sort(), ['Cannot reload: the daemon is stopping', 'made']);
});

test('a reload that waits for another one is refused when a stop comes, and so is one that comes later', async (t) => {
  const folder = temporaryDirectory(t);
  const after = await configurationIn(folder, elsewhere);
  const configuration = await configurationIn(folder, { devices: twoDevices });
  const { daemon } = startInProcess(t, configuration);
  await assert.rejects(daemon.reload(after), /^ReloadRefused: Cannot reload: the daemon is starting$/);
  await daemon.started;
  let opening = false;
  let open = (): void => {};
  const slow = withDevice(after, 'other/', {
    open: () => {
      opening = true;
      return new Promise((resolve) => {
        open = resolve;
      });
    },
  });
  const outcome = (next: Configuration): Promise<string> =>
    daemon.reload(next).then(
      () => 'made',
      (error: unknown) => String(error),
    );
  const reloads = [outcome(slow), outcome(configuration)];
  await waitFor('the first one is under way', () => opening);
  const stopped = daemon.stop();
  reloads.push(outcome(after));
  open();
  const refusal = 'ReloadRefused: Cannot reload: the daemon is stopping';
  assert.deepEqual(await Promise.all(reloads), [refusal, refusal, refusal]);
  assert.equal(await stopped, true);
  assert.deepEqual(socketsIn(folder), []);
  // Nothing of the refused ones was kept.
  assert.deepEqual(readdirSync(path.join(folder, 'state/salts')).sort(), ['file%2f', 'out%2f']);
});

test('a device that never closes is left behind, by its name, and the rest is stopped', async (t) => {
  const folder = temporaryDirectory(t);
  const plain = await configurationIn(folder, {
    devices: { 'file/': fileDevice },
    limits: { stop_timeout: '1s' },
  });
  const { daemon, log } = startInProcess(
    t,
    withDevice(plain, 'file/', { close: () => new Promise(() => {}) }),
    { speed: 2 },
  );
  await daemon.started;
  await recordedBy(t, path.join(folder, 'ingest.sock'), 1);
  assert.equal(await daemon.stop(), false);
  assert.ok(
    log.some((line) => line.startsWith('error device left behind device=file/ type=file why=')),
    log.join('\n'),
  );
  assert.deepEqual(socketsIn(folder), []);
  assert.equal(log.filter((line) => line.startsWith('debug stop step done')).length, 8);
  // It has nothing to do with the state, which is free.
  const next = startInProcess(t, plain).daemon;
  await next.started;
  assert.equal(await next.stop(), true);
});
