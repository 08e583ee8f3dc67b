import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../cli/command.ts';
import { DaemonProcess, fileDevice } from '../../support/daemon-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

/** The soft limit is lower than the one that counts: Node raises it. */
const through = ['prlimit', '--nofile=100:900'];

const told =
  /Cannot have as many files and connections open as the configuration asks for: this process may have 900, wanted (\d+) \(limits\.connections is (\d+)\): set LimitNOFILE=(\d+) in the unit/;

test('fewer open files than the configuration needs are told of at the start, at a reload and by check', async (t) => {
  const folder = temporaryDirectory(t);
  const devices = { 'file/': fileDevice };
  const daemon = await DaemonProcess.startThrough(t, folder, through, { devices });
  assert.match(daemon.log, / warn {2}too few open files error="/);
  const [, wanted, connections, set] = told.exec(daemon.log)!.map(Number);
  assert.equal(connections, 1024);
  assert.ok(wanted! > 1024 + 64 && wanted! < 2 * 1024, String(wanted));
  assert.equal(set, wanted);

  // What was asked for suffices exactly.
  const checked = (nofile: number) =>
    runCommand(t, ['check', daemon.configFile], { through: ['prlimit', `--nofile=${nofile}`] });
  const [less, enough] = await Promise.all([checked(wanted! - 1), checked(wanted!)]);
  assert.match(less.stderr, /^note: started from here: Cannot have as many [^\n]*\n$/);
  assert.deepEqual([less.code, enough.code, enough.stderr], [0, 0, '']);

  for (const [number, reported] of [
    [100, false],
    [2000, true],
  ] as const) {
    const from = daemon.log.length;
    daemon.configure({ devices, limits: { connections: number } });
    daemon.signal('SIGHUP');
    await waitFor('it is reloaded', () => / reloaded /.test(daemon.log.slice(from)));
    assert.equal(told.exec(daemon.log.slice(from))?.[2] === String(number), reported);
  }
  assert.equal(await daemon.stop(), 0);
});
