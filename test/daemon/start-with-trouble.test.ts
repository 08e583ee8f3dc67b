import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { StartRefused } from '../../daemon/daemon-state.ts';
import { DevicesRefused } from '../../daemon/table/devices-refused.ts';
import { deafPeer } from '../devices/peers/deaf-peer.ts';
import { DaemonProcess, fileDevice, patientFileDevice } from '../support/daemon-process.ts';
import { configurationIn, startInProcess } from '../support/in-process-daemon.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const wrong = { type: 'file', options: { file_path: 'FOLDER/wrong' } };

test('a device that cannot work stops no start that can do without it, and comes back when it can', async (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(path.join(folder, 'wrong'));
  const devices = { 'file/': patientFileDevice, 'wrong/': wrong };
  const daemon = await DaemonProcess.start(t, folder, { devices });
  assert.match(
    daemon.log,
    /ERROR\s+device cannot work until something is changed device=wrong\/ type=file error="Cannot open audit file .*it is a directory"/i,
  );
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(numberedRecord(1));
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
  const { status, body } = await daemon.get('/readyz');
  assert.equal(status, 200);
  const [, failing] = JSON.parse(body).devices;
  assert.equal(failing.state, 'failing');
  assert.match(failing.last_error.message, /it is a directory/);
  rmdirSync(path.join(folder, 'wrong'));
  await waitFor('the device has what waited', () => {
    try {
      return daemon.lines('wrong').length === 1;
    } catch {
      return false;
    }
  });
  assert.equal(await daemon.stop(), 0);
});

test('a start is refused exactly when the devices that can work do not meet the requirement', async (t) => {
  const good = { 'a/': fileDevice, 'b/': { ...fileDevice, options: { file_path: 'FOLDER/b.log' } } };
  for (const [require, devices, starts] of [
    ['any', { 'wrong/': wrong }, false],
    ['any', { ...good, 'wrong/': wrong }, true],
    ['all', { ...good, 'wrong/': wrong }, false],
    [2, { ...good, 'wrong/': wrong }, true],
    [3, { ...good, 'wrong/': wrong }, false],
    [['a/', 'b/'], { ...good, 'wrong/': wrong }, true],
    [['a/', 'wrong/'], { ...good, 'wrong/': wrong }, false],
  ] as const) {
    const folder = temporaryDirectory(t);
    mkdirSync(path.join(folder, 'wrong'));
    const { daemon } = startInProcess(t, await configurationIn(folder, { require, devices }));
    const what = `${require} of ${Object.keys(devices)}`;
    if (starts) await daemon.started;
    else await assert.rejects(daemon.started, DevicesRefused, what);
    assert.equal(daemon.phase, starts ? 'running' : 'stopping', what);
    if (starts) {
      const changed = await configurationIn(folder, {
        require,
        devices: { ...good, 'wrong/': { ...wrong, options: { ...wrong.options, prefix: 'x ' } } },
      });
      await assert.rejects(daemon.reload(changed), DevicesRefused, 'what runs is good');
    }
    await daemon.stop();
  }
});

test('a start waits for no peer that is not required, and a stop ends one that waits for those that are', async (t) => {
  const folder = temporaryDirectory(t);
  const siem = { type: 'socket', options: { address: await deafPeer(t), socket_type: 'tcp' } };
  const devices = { 'file/': patientFileDevice, 'siem/': siem };
  // The patience for devices would never end, but that for what is near does.
  const slow = { speed: 0.05 };
  const first = startInProcess(t, await configurationIn(folder, { devices }), slow);
  const began = first.clock.now();
  await first.daemon.started;
  assert.ok(first.clock.now() - began < 2_000, 'it has not waited for the peer');
  assert.equal(await first.daemon.stop(), true);

  const all = await configurationIn(folder, { require: 'all', devices });
  const second = startInProcess(t, all, { speed: 1e-5 });
  await waitFor('it waits for its devices', () => second.clock.timers > 0 && second.log.length > 0);
  assert.equal(await second.daemon.stop(), true);
  await assert.rejects(second.daemon.started, StartRefused);
});
