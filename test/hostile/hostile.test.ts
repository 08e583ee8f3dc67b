import assert from 'node:assert/strict';
import { test } from 'node:test';
import { koffiMissing } from '../support/koffi.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { floods } from './floods.ts';
import { besiegeDaemon, keptMiB } from './siege.ts';

test('all floods at once harm no good client, and leave a daemon of 512 MiB as it was', {
  skip: koffiMissing,
}, async (t) => {
  const memoryMiB = 512;
  const { good, missing, memory, ended, log, limitedBy } = await besiegeDaemon({
    folder: temporaryDirectory(t),
    seconds: 4,
    memoryMiB,
    restSeconds: 60,
    // A machine that is busy with other tests is no fault of the device.
    writeTimeout: '10m',
    floods: Object.keys(floods),
  });
  t.diagnostic(`${good.sent} records of the good client, ${memory.peak.toFixed()} MiB at most`);
  assert.equal(ended, null, log);
  assert.deepEqual(good.refusals, []);
  assert.equal(good.thrownOut, 0);
  assert.ok(good.sent > 100 && good.ok === good.sent);
  assert.deepEqual(missing, []);
  // It has 21 devices, of which each may keep 64 MiB waiting.
  if (limitedBy.startsWith('control group'))
    assert.match(log, / warn {2}too little memory error=".* may have 512 MiB, /);
  assert.ok(memory.peak <= memoryMiB, `${memory.peak} MiB`);
  assert.ok(memory.after <= memory.start + keptMiB, `${memory.start} MiB became ${memory.after} MiB`);
});
