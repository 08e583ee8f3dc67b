import assert from 'node:assert/strict';
import { existsSync, linkSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Registry } from 'prom-client';
import { type Clock, systemClock } from '../../../daemon/clock.ts';
import { Broker } from '../../../daemon/delivery/broker.ts';
import { zeroIngestCounters } from '../../../daemon/ingest/ingest-counters.ts';
import { createLog } from '../../../daemon/log/log.ts';
import { createMetrics } from '../../../daemon/monitoring/metrics.ts';
import { Salts } from '../../../daemon/state/salts.ts';
import { openStateDirectory } from '../../../daemon/state/state-directory.ts';
import type { DeclaredDevice, DeclaredTable } from '../../../daemon/table/declared-devices.ts';
import type { DeviceChange } from '../../../daemon/table/device-change.ts';
import { DeviceTable } from '../../../daemon/table/device-table.ts';
import { DevicesRefused } from '../../../daemon/table/devices-refused.ts';
import { openPatienceMs } from '../../../daemon/table/open-lanes.ts';
import { everyDevice, requiredDevices } from '../../../daemon/table/opening-rule.ts';
import { parseDevice } from '../../../devices/registry.ts';
import { Formatter } from '../../../format/formatter.ts';
import { emptyRecordPolicy } from '../../../format/line-options.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

interface TableUnderTest {
  readonly table: DeviceTable;
  readonly folder: string;
  readonly broker: Broker;
  readonly log: string[];
  /** A file device, of the configuration file or of the API. */
  device(declared: 'config' | 'api', path: string, file: string): DeclaredDevice;
  salts(): string[];
  /** Holds up the end of salts. */
  readonly gate: Gate;
}

/** What something waits at while it is closed. */
class Gate {
  #open = Promise.resolve();
  #atGate = (): void => {};
  /** Somebody waits. */
  reached: Promise<void> = Promise.resolve();

  /** Returns what opens it. */
  close(): () => void {
    let open = (): void => {};
    this.#open = new Promise((resolve) => {
      open = resolve;
    });
    this.reached = new Promise((resolve) => {
      this.#atGate = resolve;
    });
    return open;
  }

  async pass(): Promise<void> {
    this.#atGate();
    await this.#open;
  }
}

async function tableUnderTest(
  t: TestContext,
  clock: Clock = systemClock,
  threads = 128,
): Promise<TableUnderTest> {
  const folder = realpathSync(temporaryDirectory(t));
  const state = await openStateDirectory(path.join(folder, 'state'));
  t.after(() => state.release());
  const broker = new Broker({ kind: 'any' });
  const log: string[] = [];
  const gate = new Gate();
  const source = { lanes: () => broker.lanes.map((lane) => lane.status()), ingest: zeroIngestCounters() };
  const metrics = createMetrics(new Registry(), source, { version: '1', node: '1', commit: null });
  t.after(() => metrics.close());
  const table = new DeviceTable({
    salts: new Salts({
      ...state,
      async destroy(name) {
        await gate.pass();
        return state.destroy(name);
      },
    }),
    formatter: new Formatter(emptyRecordPolicy),
    broker,
    metrics,
    events: { onState: () => {}, onWrite: () => {} },
    clock,
    threads,
    reach: { listening: () => [], refusal: () => null, socketAt: async (real) => ({ real }) },
    log: createLog(
      { format: 'text', level: 'debug' },
      { write: (line) => log.push(line), now: Date.now, priority: false },
    ),
  });
  t.after(() => table.stop(0));
  return {
    table,
    folder,
    broker,
    log,
    gate,
    device(declared, at, file) {
      const options = { file_path: path.join(folder, file) };
      const config = {
        path: at,
        type: 'file',
        description: '',
        local: false,
        options,
        credentialOptions: {},
        saltFile: null,
      };
      return { declared, config, parsed: parseDevice('file', options) };
    },
    salts: () => {
      const at = path.join(folder, 'state/salts');
      return existsSync(at) ? readdirSync(at).sort() : [];
    },
  };
}

function tableOf(...devices: DeclaredDevice[]): DeclaredTable {
  return { devices: new Map(devices.map((device) => [device.config.path, device])), own: [] };
}

const none = everyDevice;

async function refusal(work: Promise<unknown>): Promise<string> {
  let message = '';
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof DevicesRefused, String(error));
    message = error.message;
    return true;
  });
  return message;
}

test('a table that declares the path or the file of a device that is being enabled is refused until that is over', async (t) => {
  const { table, folder, device, salts } = await tableUnderTest(t);
  const enabling = await table.prepareOne(device('api', 'a/', 'a.log'));
  symlinkSync('a.log', path.join(folder, 'link.log'));
  for (const [declared, text] of [
    [device('config', 'a/', 'b.log'), 'the path is that of device "a/"'],
    [device('config', 'a/below/', 'b.log'), 'the path lies below that of device "a/"'],
    [device('config', 'b/', 'link.log'), `file "${folder}/link.log" is that of device "a/"`],
  ] as const) {
    assert.equal(
      await refusal(table.prepare(tableOf(declared), none)),
      `Cannot declare device "${declared.config.path}" in the configuration file: ${text}, which is being enabled through the API at this moment; reload again when that call has been answered`,
    );
    assert.deepEqual(salts(), ['a%2f'], 'the salt of the one is spared, the other has none');
  }
  const own = {
    kind: 'daemon',
    what: 'the token file',
    claims: [{ kind: 'own file', path: path.join(folder, 'a.log') }],
  } as const;
  assert.match(
    await refusal(table.prepare({ devices: new Map(), own: [own] }, none)),
    /^Cannot use device "a\/", which is being enabled .*is the token file; reload again/,
  );
  await table.abandon(enabling);
  assert.deepEqual(salts(), []);
  const change = await table.prepare(tableOf(device('config', 'b/', 'link.log')), none);
  await table.commit(change, 0);
  assert.deepEqual(salts(), ['b%2f']);
});

test('a device that is enabled while a table is prepared gets nothing of what that declares', async (t) => {
  const { table, device, salts } = await tableUnderTest(t);
  const reload = await table.prepare(tableOf(device('config', 'a/', 'a.log')), none);
  assert.equal(table.isPathTaken('a/'), true);
  assert.equal(table.isPathTaken('a/below/'), true);
  assert.equal(table.isPathTaken('b/'), false);
  assert.equal(await refusal(table.prepareOne(device('api', 'a/', 'b.log'))), 'path already in use');
  assert.match(
    await refusal(table.prepareOne(device('api', 'b/', 'a.log'))),
    /^Cannot enable device "b\/": file .* is that of device "a\/"$/,
  );
  assert.deepEqual(salts(), ['a%2f'], 'what was refused destroyed no salt');
  const beside = await table.prepareOne(device('api', 'c/', 'c.log'));
  await table.commit(reload, 0);
  await table.confirm(beside);
  await table.commit(beside, 0);
  assert.deepEqual([...table.declared.keys()], ['a/', 'c/']);
  await table.salts.noteUnused();
  assert.deepEqual(salts(), ['a%2f', 'c%2f']);
});

test('a path that leads elsewhere at the moment of the change refuses it, and what it made is undone', async (t) => {
  const { table, folder, broker, device, salts } = await tableUnderTest(t);
  await table.commit(await table.prepare(tableOf(device('config', 'a/', 'a.log')), none), 0);
  const at = (name: string): string => path.join(folder, name);

  const one = await table.prepareOne(device('api', 'b/', 'b.log'));
  rmSync(at('b.log'));
  symlinkSync('a.log', at('b.log'));
  assert.match(
    await refusal(table.confirm(one)),
    /^Cannot enable device "b\/": file .*b\.log" is that of device "a\/"$/,
  );
  assert.deepEqual(salts(), ['a%2f']);
  assert.equal(table.isPathTaken('b/'), false, 'the claims are free');
  assert.deepEqual(one.lanes, []);

  const both = [device('config', 'a/', 'a.log'), device('config', 'c/', 'c.log')];
  const all = await table.prepare(tableOf(...both), none);
  rmSync(at('c.log'));
  linkSync(at('a.log'), at('c.log'));
  assert.match(
    await refusal(table.confirm(all)),
    /^Cannot declare device "c\/" in the configuration file: file .*c\.log" is that of device "a\/"$/,
  );
  assert.deepEqual(salts(), ['a%2f']);
  assert.deepEqual(
    broker.lanes.map((lane) => [lane.path, lane.state]),
    [['a/', 'ok']],
  );
});

test('of two that are enabled at once, the one that came first keeps what both want', async (t) => {
  const { table, device, salts } = await tableUnderTest(t);
  const [first, second, third] = await Promise.allSettled([
    table.prepareOne(device('api', 'a/', 'x.log')),
    table.prepareOne(device('api', 'b/', 'x.log')),
    table.prepareOne(device('api', 'a/', 'y.log')),
  ]);
  assert.deepEqual(
    [first, second, third].map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  );
  assert.deepEqual(salts(), ['a%2f'], 'the salt of the first was not taken for a leftover');
  assert.equal(first!.status, 'fulfilled');
  const change = (first as PromiseFulfilledResult<DeviceChange>).value;
  const later = table.prepareOne(device('api', 'c/', 'x.log'));
  await table.confirm(change);
  await table.commit(change, 0);
  assert.match(await refusal(later), /is that of device "a\/"$/);
});

test('a change that was made is not taken back by who gives it up afterwards', async (t) => {
  const { table, broker, device, salts } = await tableUnderTest(t);
  const there = await table.prepareOne(device('api', 'a/', 'a.log'));
  await table.commit(there, 0);
  await table.abandon(there);
  assert.deepEqual(salts(), ['a%2f']);
  assert.equal(broker.lanes[0]!.state, 'ok');
  // Nor is what another change has made at its path since.
  const gone = await table.prepareOne(device('api', 'b/', 'b.log'));
  await table.commit(gone, 0);
  await table.remove('b/');
  const next = await table.prepareOne(device('api', 'b/', 'b.log'));
  await table.abandon(gone);
  assert.deepEqual(salts(), ['a%2f', 'b%2f']);
  await table.abandon(next);
});

test('a salt that vanished under a living device is not taken away again by a change that fails', async (t) => {
  const { table, folder, device, salts } = await tableUnderTest(t);
  const living = tableOf(device('config', 'a/', 'a.log'));
  await table.commit(await table.prepare(living, none), 0);
  rmSync(path.join(folder, 'state/salts/a%2f'));
  const change = await table.prepare(living, none);
  assert.deepEqual(salts(), ['a%2f']);
  await table.abandon(change);
  assert.deepEqual(salts(), ['a%2f']);
});

test('what an earlier device left is the salt of the next one, and a living one keeps its own through failures', async (t) => {
  const { table, broker, device, salts } = await tableUnderTest(t);
  const hash = (): string => broker.lanes[0]!.format.hash('x');
  await table.commit(await table.prepareOne(device('api', 'a/', 'a.log')), 0);
  const before = hash();
  const changed = device('api', 'a/', 'b.log');
  await table.abandon(await table.prepare(tableOf(changed, device('config', 'c/', 'c.log')), none));
  assert.deepEqual(salts(), ['a%2f']);
  await table.commit(await table.prepare(tableOf(changed), none), 0);
  assert.equal(hash(), before, 'a changed device keeps its salt');
  await table.remove('a/');
  assert.deepEqual(salts(), []);

  const leftBehind = await table.prepare(tableOf(device('config', 'a/', 'a.log')), none);
  await table.commit(leftBehind, 0);
  const leftover = hash();
  await table.commit(await table.prepare(tableOf(), none), 0);
  await table.salts.noteUnused();
  assert.deepEqual(salts(), ['a%2f']);
  await table.commit(await table.prepareOne(device('api', 'a/', 'a.log')), 0);
  assert.equal(hash(), leftover);
  await assert.rejects(table.salts.destroyUnused('a/'), /: it is in use$/);
});

/** A device that is closed when the test says so. */
function closedLate(device: DeclaredDevice): { device: DeclaredDevice; close: () => void } {
  let close = (): void => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const parsed = {
    ...device.parsed,
    create: () => ({
      tailBytes: 0,
      open: async () => {},
      write: async () => ({ settled: 0, refused: [], failure: null }),
      reopen: async () => {},
      close: () => closed,
    }),
  };
  return { device: { ...device, parsed }, close };
}

test('until a removed device is closed and its salt gone, its path and file stay taken', async (t) => {
  const { table, device, salts, gate } = await tableUnderTest(t);
  const { device: late, close } = closedLate(device('api', 'a/', 'a.log'));
  await table.commit(await table.prepareOne(late), 0);
  const removing = table.remove('a/');
  assert.deepEqual([...table.declared.keys()], []);
  assert.equal(table.isPathTaken('a/'), true);
  assert.match(await refusal(table.prepareOne(device('api', 'b/', 'a.log'))), /is that of device "a\/"$/);
  assert.match(
    await refusal(table.prepare(tableOf(device('config', 'a/', 'b.log')), none)),
    /the path is that of device "a\/", which is being disabled at this moment; reload again/,
  );
  await assert.rejects(table.salts.destroyUnused('a/'), /: it is in use$/);
  assert.deepEqual(salts(), ['a%2f'], 'its end destroys it, and nobody else');
  // The operator may give its file to another device in the meantime, as when a reload renames one.
  await table.abandon(await table.prepare(tableOf(device('config', 'b/', 'a.log')), none));
  const opened = gate.close();
  close();
  await gate.reached;
  assert.equal(table.isPathTaken('a/'), true, 'its salt is not gone yet');
  opened();
  await removing;
  assert.deepEqual(salts(), []);
  assert.equal(table.isPathTaken('a/'), false);
});

test('the file of a device that a reload removed is the API’s once what waited is written', async (t) => {
  // Its wait for removed devices is over at once.
  const hasty: Clock = {
    ...systemClock,
    setTimer(ms, callback) {
      const timer = setTimeout(callback, ms === openPatienceMs ? 0 : ms);
      return () => clearTimeout(timer);
    },
  };
  const { table, device, salts } = await tableUnderTest(t, hasty);
  const { device: late, close } = closedLate(device('config', 'a/', 'a.log'));
  await table.commit(await table.prepare(tableOf(late), none), 0);
  const reloaded = table.commit(await table.prepare(tableOf(), none), 0);
  assert.equal(table.isPathTaken('a/'), false);
  assert.equal(await table.salts.destroyUnused('a/'), true);
  assert.deepEqual(salts(), [], 'its salt does not wait for that');
  assert.match(
    await refusal(table.prepareOne(device('api', 'b/', 'a.log'))),
    /is that of device "a\/", which still writes what waited when it was removed$/,
  );
  close();
  await reloaded;
  await table.commit(await table.prepareOne(device('api', 'b/', 'a.log')), 0);
});

test('an enable waits for a removed device that still writes to the file', async (t) => {
  let waits = (): void => {};
  const watched: Clock = {
    ...systemClock,
    setTimer(ms, callback) {
      if (ms === openPatienceMs) waits();
      return systemClock.setTimer(ms, callback);
    },
  };
  const { table, device } = await tableUnderTest(t, watched);
  const { device: late, close } = closedLate(device('config', 'a/', 'a.log'));
  await table.commit(await table.prepare(tableOf(late), none), 0);
  void table.commit(await table.prepare(tableOf(), none), 0);
  waits = close;
  await table.commit(await table.prepareOne(device('api', 'a/', 'a.log')), 0);
  assert.deepEqual([...table.declared.keys()], ['a/']);
});

test('devices of the API that come to share a file are told of, and stop neither start nor reload', async (t) => {
  const { table, folder, device, log } = await tableUnderTest(t);
  writeFileSync(path.join(folder, 'a.log'), '');
  linkSync(path.join(folder, 'a.log'), path.join(folder, 'b.log'));
  const both = [device('api', 'a/', 'a.log'), device('api', 'b/', 'b.log')];
  await table.commit(await table.prepare(tableOf(...both), none), 0);
  assert.match(log.join(''), /error devices collide .*"b\/.* is that of device .*"a\//);
  assert.match(
    await refusal(table.prepare(tableOf(device('config', 'c/', 'b.log'), ...both), none)),
    /^Cannot declare device "c\/".* of device "a\/", which was enabled through the API; disable that one first; Cannot declare device "c\/".* of device "b\/"/,
  );
});

test('one file more than there are threads for is refused, those that are left behind counted', async (t) => {
  // For three files.
  const { table, folder, device, log } = await tableUnderTest(t, systemClock, 12);
  const wayOut = (files: number, value: number): RegExp =>
    new RegExp(
      `: devices would have ${files} files, and 12 threads suffice for 3: restart the daemon with UV_THREADPOOL_SIZE=${value} in its environment$`,
    );
  const declared = ['a', 'b'].map((name) => device('config', `${name}/`, `${name}.log`));
  await table.commit(await table.prepare(tableOf(...declared), none), 0);
  const third = await table.prepareOne(device('api', 'c/', 'c.log'));
  const fourth = await refusal(table.prepareOne(device('api', 'd/', 'd.log')));
  assert.match(fourth, /^Cannot enable device "d\/": /);
  assert.match(fourth, wayOut(4, 32));
  assert.equal(existsSync(path.join(folder, 'd.log')), false, 'nothing was opened for it');
  await table.commit(third, 0);

  const [a, b] = declared;
  const [c, d, e] = ['c', 'd', 'e'].map((name) => device('api', `${name}/`, `${name}.log`));
  const reload = await refusal(table.prepare(tableOf(a!, b!, c!, d!, e!), none));
  assert.match(reload, /^Cannot keep /);
  assert.match(reload, wayOut(5, 34));
  await table.remove('c/');
  await table.commit(await table.prepareOne(d!), 0);

  // A start bears it, with an error in the log: without it there would be no audit at all.
  const start = requiredDevices({ kind: 'any' }, (at) => at > 'b/');
  await table.abandon(await table.prepare(tableOf(a!, b!, c!, d!, e!), start));
  assert.match(log.join(''), /error more files than threads error="Cannot keep .* suffice for 3: /);
});
